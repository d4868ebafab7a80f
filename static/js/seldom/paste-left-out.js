// What does not go into a text when HTML is pasted: struck and deleted words, pictures, addresses that are no links
// here, and what nobody sees. Changes the document and counts.

const DROPPED = "script, style, title, template, noscript, iframe, xml, button, select, textarea, [hidden]"
const PICTURES = "img, svg, object, embed, video, canvas"
const STRUCK = "del, s, strike, [class*=msodel i], [data-style*=line-through i]"
const UNSEEN = /display:\s*none|mso-hide:\s*all/i
const BLOCKS = "p, div, li, ul, ol, h1, h2, h3, h4, h5, h6"

/** @param sheets the source's <style> elements, as text @returns {struck, pictures, links}: passages, pictures, links */
export function leaveOut(body, sheets, allowedLink) {
  for (const element of body.querySelectorAll("[data-style]")) if (UNSEEN.test(element.dataset.style)) element.remove()
  for (const element of body.querySelectorAll(DROPPED)) element.remove()
  const pictures = dropPictures(body)
  return { struck: dropStruck(body, struckIn(sheets)), pictures, links: unlink(body, allowedLink) }
}

/** Selectors of what style sheets strike through; Excel says it in no other way. */
function struckIn(sheets) {
  const sheet = new CSSStyleSheet()
  sheet.replaceSync(sheets.replace(/<\/?style[^<>]*>?/gi, ""))
  const striking = [...sheet.cssRules].filter(({ style }) => /line-through/.test(style?.textDecorationLine))
  return [STRUCK, ...striking.map(({ selectorText }) => selectorText)].join()
}

function dropStruck(body, selector) {
  const found = [...body.querySelectorAll(selector)].filter((one) => !one.parentElement.closest(selector))
  const struck = new Set(found.filter(({ textContent }) => textContent.trim()))
  const passages = [...struck].filter(({ previousSibling }) => !struck.has(previousSibling)).length
  for (const element of struck) {
    if (element.matches("td, th")) element.replaceChildren() // the others stay in their columns
    else drop(element)
  }
  return passages
}

/** With the paragraphs and items of which nothing is left. */
function drop(element) {
  const above = element.parentElement
  element.remove()
  if (above?.matches(BLOCKS) && !above.textContent.trim()) drop(above)
}

/** Signs that others draw as pictures stay as signs; pictures of one point are no pictures. */
function dropPictures(body) {
  const dropped = [...body.querySelectorAll(PICTURES)].filter((picture) => {
    const sign = /^\p{Extended_Pictographic}\S{0,10}$/u.test(picture.alt) ? picture.alt : ""
    picture.replaceWith(sign)
    return !sign && picture.getAttribute("width") !== "1"
  })
  return dropped.length
}

/** Addresses in the form in which browsers read them; an address that is no link here leaves its words. */
function unlink(body, allowedLink) {
  const refused = [...body.querySelectorAll("a[href]")].filter((link) => {
    const href = link.getAttribute("href").trim()
    const { href: allowed } = allowedLink(href.replace(/[\t\n\r]/g, "").replaceAll(" ", "%20"))
    if (allowed) link.setAttribute("href", allowed)
    else link.removeAttribute("href")
    return !allowed && /^[^#]/.test(href) && link.textContent.trim() // "#": within the source itself
  })
  return refused.length
}
