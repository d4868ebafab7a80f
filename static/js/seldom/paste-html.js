// Cleans HTML from Word or the web before the editor parses it. Loaded when the user begins to edit: most users only
// read.

import { leaveOut } from "./paste-left-out.js"
import { turnWordLists } from "./paste-lists.js"
import { separate } from "./paste-separators.js"

// An unclosed tag or style sheet extends to the end of the text: otherwise each opening would be searched to the end,
// which takes quadratic time.
const STYLE_SHEETS = /<style\b[\s\S]*?(?:<\/style\s*>|$)/gi
const SIGNS = "0123456789+-−"
const SCRIPTS = { sup: "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻", sub: "₀₁₂₃₄₅₆₇₈₉₊₋₋" }
const WHOLE_TAG = /<[a-z][^>]*(?:>|$)/gi

/** HTML from the clipboard as {html, left}: without styles, Word's lists as lists, tables as paragraphs, superscript
 *  and subscript digits as characters of their own ("10³", not "103"); `left` counts what was left out, {struck,
 *  pictures, links}. @param allowedLink see editor/link-rule.js */
export function cleanHtml(html, allowedLink) {
  // Styles are renamed to data-style: they are read, never applied, so they do not violate the content security policy.
  const renamed = html.replace(STYLE_SHEETS, "").replace(WHOLE_TAG, (tag) => tag.replace(/\sstyle\s*=/i, " data-style="))
  const body = new DOMParser().parseFromString(renamed, "text/html").body
  const left = leaveOut(body, html.match(STYLE_SHEETS)?.join("") ?? "", allowedLink)
  for (const digits of body.querySelectorAll("sup, sub")) keepScript(digits)
  turnWordLists(body)
  separate(body)
  for (const element of body.querySelectorAll("[data-style]")) styleToMarks(element)
  return { html: body.innerHTML, left }
}

function keepScript(element) {
  const signs = [...element.textContent.trim()]
  if (signs.every((sign) => SIGNS.includes(sign))) element.textContent = signs.map((sign) => SCRIPTS[element.localName][SIGNS.indexOf(sign)]).join("")
}

/** Bold and italic by style become marks; a bold mark that the style resets is removed. */
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
