// Everything pasted or dropped into a text comes through here: HTML from Word or the web is brought to what a text may
// hold before the editor reads it, and what had to be left out is said at the text.

import { Fragment, Slice } from "../../vendor/klimawerk-editor.yjs-13.6.33.js"
import { tellPasted } from "./telling.js"
import { leaveOut } from "./paste-left-out.js"
import { turnWordLists } from "./paste-lists.js"
import { separate } from "./paste-separators.js"
import { schema } from "./schema.js"

// What has no end reaches to that of the text: else each beginning would be searched to there, which takes quadratic time.
const STYLE_SHEETS = /<style\b[\s\S]*?(?:<\/style\s*>|$)/gi
const SEPARATORS = /[\v\f\x1c-\x1f\x85\u2028\u2029]/g
const NO_TEXT = /(?![\t\n])[\p{Cc}\p{Cs}\p{Noncharacter_Code_Point}]/gu
const WHOLE_TAG = /<[a-z][^>]*(?:>|$)/gi

/** The view's properties for what is pasted. @param session {host, multiline} */
export function pasting({ host, multiline }) {
  let left = {}
  const said = (_view, event, slice) => {
    const { files } = event.clipboardData ?? event.dataTransfer ?? {}
    if (!slice.size && files?.length) left.pictures ||= files.length
    tellPasted(host, left)
    left = {}
    return Boolean(!slice.size && files?.length) // a file that is dropped would be opened in the page's place
  }
  return {
    transformPastedHTML(html) {
      const cleaned = cleanHtml(html)
      left = cleaned.left
      return cleaned.html
    },
    transformPasted: (slice) => (multiline ? onlyText(slice) : oneLine(onlyText(slice))),
    handlePaste: said,
    handleDrop: said,
  }
}

/** HTML from the clipboard as {html, left}: no styles, Word's lists as lists, tables as paragraphs; `left`
 *  counts what was left out, {struck, pictures, links}. */
export function cleanHtml(html) {
  // Styles are read, never applied: as attributes of another name they do not meet the page's content policy.
  const quiet = html.replace(STYLE_SHEETS, "").replace(WHOLE_TAG, (tag) => tag.replace(/\sstyle\s*=/i, " data-style="))
  const body = new DOMParser().parseFromString(quiet, "text/html").body
  const left = leaveOut(body, html.match(STYLE_SHEETS)?.join("") ?? "")
  turnWordLists(body)
  separate(body)
  for (const element of body.querySelectorAll("[data-style]")) styleToMarks(element)
  return { html: body.innerHTML, left }
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

/** Bold and italic said by style become marks; bold taken back by style loses its mark. */
function styleToMarks(element) {
  const style = element.dataset.style.toLowerCase()
  element.removeAttribute("data-style")
  const plain = /(^|;)\s*font-weight:\s*(normal|400)/.test(style)
  if (plain && element.matches("b, strong")) return element.replaceWith(...element.childNodes)
  if (!element.matches("span, font, a, p, li")) return
  if (/(^|;)\s*font-weight:\s*(bold|[6-9]00)/.test(style)) wrapInside(element, "strong")
  if (/(^|;)\s*font-style:\s*(italic|oblique)/.test(style)) wrapInside(element, "em")
}

function wrapInside(element, name) {
  const mark = element.ownerDocument.createElement(name)
  mark.append(...element.childNodes)
  element.append(mark)
}
