// Text from Word or the web, brought to what a long text may hold before the editor reads it.

import { Fragment, Slice } from "../../vendor/klimawerk-editor.yjs-13.6.33.js"
import { turnWordLists } from "./paste-lists.js"
import { schema } from "./schema.js"

// What has no end reaches to that of the text: else each beginning would be searched to there, which takes quadratic time.
const STYLE_SHEETS = /<style\b[\s\S]*?(?:<\/style\s*>|$)/gi
const DROPPED = "script, style, meta, link, title, template, noscript, iframe, object, svg, img, xml, input, button"
const SEPARATORS = /[\v\f\x1c-\x1f\x85\u2028\u2029]/g
const NO_TEXT = /(?![\t\n])[\p{Cc}\p{Cs}\p{Noncharacter_Code_Point}]/gu
const WHOLE_TAG = /<[a-z][^>]*(?:>|$)/gi

/** HTML from the clipboard, cleaned: no comments, no styles, Word's lists as lists, tables as paragraphs. */
export function cleanHtml(html) {
  if (html.includes("data-pm-slice")) return html
  // Styles are read, never applied: as attributes of another name they do not meet the page's content policy.
  const quiet = html.replace(STYLE_SHEETS, "").replace(WHOLE_TAG, (tag) => tag.replace(/\sstyle\s*=/i, " data-style="))
  const body = new DOMParser().parseFromString(quiet, "text/html").body
  for (const element of body.querySelectorAll(DROPPED)) element.remove()
  turnWordLists(body)
  dropComments(body)
  for (const table of body.querySelectorAll("table")) table.replaceWith(...paragraphsOf(table))
  for (const element of body.querySelectorAll("[data-style]")) styleToMarks(element)
  return body.innerHTML
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
    if (!node.isText) nodes.push(node.copy(cleaned(node.content)))
    else if (text) nodes.push(schema.text(text, node.marks))
  })
  return Fragment.from(nodes)
}

function dropComments(root) {
  const walker = root.ownerDocument.createTreeWalker(root, NodeFilter.SHOW_COMMENT)
  const found = []
  while (walker.nextNode()) found.push(walker.currentNode)
  for (const comment of found) comment.remove()
}

/** One paragraph for each row of a table, its cells separated by bars. */
function paragraphsOf(table) {
  return [...table.rows].map((row) => {
    const paragraph = table.ownerDocument.createElement("p")
    const cells = [...row.cells].map((cell) => cell.textContent.replace(/\s+/g, " ").trim())
    paragraph.textContent = cells.filter(Boolean).join(" | ")
    return paragraph
  })
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
