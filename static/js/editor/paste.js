// Everything pasted or dropped into a text comes through here: HTML from Word or the web is brought to what a text may
// hold before the editor reads it, and what had to be left out is said at the text.

import { Fragment, Slice } from "../../vendor/klimawerk-editor.yjs-13.6.33.js"
import { retryForever } from "../backoff.js"
import { note } from "../text-note.js"
import { allowedLink } from "./link-rule.js"
import { schema } from "./schema.js"
import { showPasteNotes } from "./text-status.js"

const SEPARATORS = /[\v\f\x1c-\x1f\x85\u2028\u2029]/g
const NO_TEXT = /(?![\t\n])[\p{Cc}\p{Cs}\p{Noncharacter_Code_Point}]/gu

let reader = null

/** Somebody begins to edit: what reads HTML is fetched. */
export async function fetchReader() {
  const load = () => import("../seldom/paste-html.js")
  reader ??= await load().catch(() => retryForever(load))
}

/** What is pasted before it is here goes in as soon as it is. */
export function pasteLater(view, event) {
  const html = !reader && !view.dragging && (event.clipboardData ?? event.dataTransfer)?.getData("text/html")
  if (!html) return false
  event.preventDefault()
  const host = view.dom.closest("kw-text")
  if (host) note(host, "note.waiting")
  fetchReader().then(() => view.isDestroyed || view.pasteHTML(html))
  return true
}

/** The view's properties for what is pasted. @param session {host, multiline} */
export function pasting({ host, multiline }) {
  let left = {}
  const said = (_view, event, slice) => {
    const { files } = event.clipboardData ?? event.dataTransfer ?? {}
    if (!slice.size && files?.length) left.pictures ||= files.length
    showPasteNotes(host, left)
    left = {}
    return Boolean(!slice.size && files?.length) // a file that is dropped would be opened in the page's place
  }
  return {
    transformPastedHTML(html) {
      const cleaned = reader.cleanHtml(html, allowedLink)
      left = cleaned.left
      return cleaned.html
    },
    transformPasted: (slice) => (multiline ? onlyText(slice) : oneLine(onlyText(slice))),
    handlePaste: said,
    handleDrop: said,
  }
}

/** For titles: whatever was pasted, as one line of plain text. */
export function oneLine(slice) {
  const text = slice.content.textBetween(0, slice.content.size, " ", " ").replace(/\s+/g, " ").trim()
  return text ? new Slice(Fragment.from(schema.text(text)), 0, 0) : Slice.empty
}

/** One run of text in the form that texts have (klimawerk/text.py): what separates words in other programs is a blank,
 *  other control characters, which the server refuses, are gone, accents are composed. */
export function clean(text) {
  return text.replace(SEPARATORS, " ").replace(NO_TEXT, "").normalize()
}

/** The same for what is pasted or dropped. */
export function onlyText({ content, openStart, openEnd }) {
  return new Slice(cleaned(content), openStart, openEnd)
}

function cleaned(fragment) {
  const nodes = []
  fragment.forEach((node) => {
    const text = node.isText && clean(node.text)
    if (!node.isText) nodes.push(node.type.create(node.attrs, cleaned(node.content))) // marks are of text alone
    else if (text) nodes.push(schema.text(text, node.marks))
  })
  return Fragment.from(nodes)
}
