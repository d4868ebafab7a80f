// Pasting and dropping into a text: cleans HTML from Word or the web before the editor parses it, and shows what was
// left out.

import { Fragment, Slice } from "../../vendor/klimawerk-editor.yjs-13.6.33.js"
import { retryForever } from "../backoff.js"
import { loadSeldom } from "../load.js"
import { note } from "../text-note.js"
import { allowedLink } from "./link-rule.js"
import { schema } from "./schema.js"
import { showPasteNotes } from "./text-status.js"

const SEPARATORS = /[\v\f\x1c-\x1f\x85\u2028\u2029]/g
const CONTROL_CHARACTERS = /(?![\t\n])[\p{Cc}\p{Cs}\p{Noncharacter_Code_Point}]/gu

let cleaner = null

/** Load the HTML cleaner; called when the user begins to edit. */
export async function loadCleaner() {
  cleaner ??= await loadSeldom().catch(() => retryForever(loadSeldom))
}

/** If the cleaner is not loaded yet, paste as soon as it is. */
export function pasteLater(view, event) {
  const html = !cleaner && !view.dragging && (event.clipboardData ?? event.dataTransfer)?.getData("text/html")
  if (!html) return false
  event.preventDefault()
  const host = view.dom.closest("kw-text")
  if (host) note(host, "note.waiting")
  loadCleaner().then(() => view.isDestroyed || view.pasteHTML(html))
  return true
}

/** ProseMirror view properties for pasting. @param session {host, multiline} */
export function pasting({ host, multiline }) {
  let leftOut = {}
  const onPaste = (_view, event, slice) => {
    const { files } = event.clipboardData ?? event.dataTransfer ?? {}
    if (!slice.size && files?.length) leftOut.pictures ||= files.length
    showPasteNotes(host, leftOut)
    leftOut = {}
    return Boolean(!slice.size && files?.length) // handled: the browser would open a dropped file in place of the page
  }
  return {
    transformPastedHTML(html) {
      const result = cleaner.cleanHtml(html, allowedLink)
      leftOut = result.left
      return result.html
    },
    transformPasted: (slice) => (multiline ? onlyText(slice) : oneLine(onlyText(slice))),
    handlePaste: onPaste,
    handleDrop: onPaste,
  }
}

/** For titles: the pasted content as one line of plain text. */
export function oneLine(slice) {
  const text = slice.content.textBetween(0, slice.content.size, " ", " ").replace(/\s+/g, " ").trim()
  return text ? new Slice(Fragment.from(schema.text(text)), 0, 0) : Slice.empty
}

/** Normalise text to the form that texts have (klimawerk/text.py): separators of other programs become blanks, other
 *  control characters (which the server refuses) are removed, and Unicode is composed (NFC). */
export function clean(text) {
  return text.replace(SEPARATORS, " ").replace(CONTROL_CHARACTERS, "").normalize()
}

/** The same for pasted content. */
export function onlyText({ content, openStart, openEnd }) {
  return new Slice(cleanFragment(content), openStart, openEnd)
}

function cleanFragment(fragment) {
  const nodes = []
  fragment.forEach((node) => {
    const text = node.isText && clean(node.text)
    if (!node.isText) nodes.push(node.type.create(node.attrs, cleanFragment(node.content))) // marks belong to text only
    else if (text) nodes.push(schema.text(text, node.marks))
  })
  return Fragment.from(nodes)
}
