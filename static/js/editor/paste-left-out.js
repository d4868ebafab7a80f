// What does not go into a text when HTML is pasted: struck and deleted words, pictures, addresses that are no links
// here, and what nobody sees. Changes the document and counts.

import { allowedLink } from "./link-rule.js"

const DROPPED = "script, style, meta, link, title, template, noscript, iframe, xml, input, button, select, textarea, [hidden]"
const PICTURES = "img, svg, object, embed, video, canvas"
const STRUCK = "del, s, strike, [class*=msodel i], [data-style*=line-through i]"
const UNSEEN = /display:\s*none|mso-hide:\s*all/i
const BLOCKS = "p, div, li, ul, ol, h1, h2, h3, h4, h5, h6, blockquote, pre"

/** @param sheets the source's <style> elements, as text @returns {struck, pictures, links}: passages, pictures, links */
export function leaveOut(body, sheets) {
  for (const element of body.querySelectorAll("[data-style]")) if (UNSEEN.test(element.dataset.style)) element.remove()
  for (const element of body.querySelectorAll(DROPPED)) element.remove()
  const pictures = dropPictures(body)
  return { struck: dropStruck(body, struckIn(sheets)), pictures, links: unlink(body) }
}

/** Selectors of what style sheets strike through; Excel says it in no other way. */
function struckIn(sheets) {
  const sheet = new CSSStyleSheet()
  sheet.replaceSync(sheets.includes("line-through") ? sheets.replace(/<\/?style[^<>]*>?/gi, "") : "")
  const striking = [...sheet.cssRules].filter(({ style }) => /line-through/.test(style?.textDecorationLine))
  return [STRUCK, ...striking.map(({ selectorText }) => selectorText)].join()
}

function dropStruck(body, selector) {
  const found = [...body.querySelectorAll(selector)].filter((one) => !one.parentElement.closest(selector))
  const struck = new Set(found.filter(({ textContent }) => textContent.trim()))
  const passages = [...struck].filter(({ previousSibling }) => !struck.has(previousSibling)).length
  for (const element of struck) {
    if (element.matches("table, tbody, tr, td, th")) empty(element)
    else drop(element)
  }
  return passages
}

/** The cells of a table stay, so that the others stay in their columns. */
function empty(element) {
  for (const cell of element.matches("td, th") ? [element] : element.querySelectorAll("td, th")) cell.replaceChildren()
}

/** With the paragraphs and items of which nothing is left. */
function drop(element) {
  const { parentElement } = element
  element.remove()
  for (let up = parentElement; up?.matches(BLOCKS) && !up.textContent.trim(); ) {
    const above = up.parentElement
    up.remove()
    up = above
  }
}

/** Signs that others draw as pictures stay as signs; pictures of one point are no pictures. */
function dropPictures(body) {
  let count = 0
  for (const picture of body.querySelectorAll(PICTURES)) {
    const sign = picture.getAttribute("alt") ?? ""
    if (/^\p{Extended_Pictographic}[^\p{L}\s]{0,10}$/u.test(sign)) picture.replaceWith(sign)
    else {
      if (picture.isConnected && !(Number(picture.getAttribute("width") || 9) <= 1)) count++
      picture.remove()
    }
  }
  return count
}

/** Addresses in the form in which browsers read them; an address that is no link here leaves its words. */
function unlink(body) {
  let count = 0
  for (const link of body.querySelectorAll("a[href]")) {
    const href = link.getAttribute("href").trim()
    const allowed = allowedLink(href.replace(/[\t\n\r]/g, "").replaceAll(" ", "%20"))
    if (allowed) link.setAttribute("href", allowed.href)
    else {
      link.removeAttribute("href")
      if (href && !href.startsWith("#") && link.textContent.trim()) count++ // "#": within the source itself
    }
  }
  return count
}
