// HTML from Word or the web, brought to what a text may hold before the editor reads it. It comes when somebody begins
// to edit: most who have a text open only read.

import { leaveOut } from "./paste-left-out.js"
import { turnWordLists } from "./paste-lists.js"
import { separate } from "./paste-separators.js"

// What has no end reaches to that of the text: else each beginning would be searched to there, which takes quadratic time.
const STYLE_SHEETS = /<style\b[\s\S]*?(?:<\/style\s*>|$)/gi
const SIGNS = "0123456789+-−"
const LEVELS = { sup: "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻", sub: "₀₁₂₃₄₅₆₇₈₉₊₋₋" }
const WHOLE_TAG = /<[a-z][^>]*(?:>|$)/gi

/** HTML from the clipboard as {html, left}: no styles, Word's lists as lists, tables as paragraphs, raised
 *  and lowered digits as signs of their own ("10³", not "103"); `left`
 *  counts what was left out, {struck, pictures, links}. @param allowedLink see editor/link-rule.js */
export function cleanHtml(html, allowedLink) {
  // Styles are read, never applied: as attributes of another name they do not meet the page's content policy.
  const quiet = html.replace(STYLE_SHEETS, "").replace(WHOLE_TAG, (tag) => tag.replace(/\sstyle\s*=/i, " data-style="))
  const body = new DOMParser().parseFromString(quiet, "text/html").body
  const left = leaveOut(body, html.match(STYLE_SHEETS)?.join("") ?? "", allowedLink)
  for (const digits of body.querySelectorAll("sup, sub")) keepLevel(digits)
  turnWordLists(body)
  separate(body)
  for (const element of body.querySelectorAll("[data-style]")) styleToMarks(element)
  return { html: body.innerHTML, left }
}

function keepLevel(element) {
  const signs = [...element.textContent.trim()]
  if (signs.every((sign) => SIGNS.includes(sign))) element.textContent = signs.map((sign) => LEVELS[element.localName][SIGNS.indexOf(sign)]).join("")
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
