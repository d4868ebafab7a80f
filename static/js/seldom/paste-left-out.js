// Removes what does not go into a text when HTML is pasted, and counts it: struck-out and deleted text, pictures,
// addresses that are not allowed as links; hidden content is removed without counting.

const DROPPED = "script, style, title, template, noscript, iframe, xml, button, select, textarea, [hidden]"
const PICTURES = "img, svg, object, embed, video, canvas"
const STRUCK = "del, s, strike, [class*=msodel i], [data-style*=line-through i]"
const HIDDEN = /display:\s*none|mso-hide:\s*all/i
const BLOCKS = "p, div, li, ul, ol, h1, h2, h3, h4, h5, h6"

/** @param sheets the source's <style> elements, as text @returns {struck, pictures, links}: how many of each */
export function leaveOut(body, sheets, allowedLink) {
  for (const element of body.querySelectorAll("[data-style]")) if (HIDDEN.test(element.dataset.style)) element.remove()
  for (const element of body.querySelectorAll(DROPPED)) element.remove()
  const pictures = dropPictures(body)
  return { struck: dropStruck(body, struckIn(sheets)), pictures, links: unlink(body, allowedLink) }
}

/** Selectors of style sheet rules with line-through, the only form in which Excel marks struck-out text. */
function struckIn(sheets) {
  const sheet = new CSSStyleSheet()
  sheet.replaceSync(sheets.replace(/<\/?style[^<>]*>?/gi, ""))
  const rules = [...sheet.cssRules].filter(({ style }) => /line-through/.test(style?.textDecorationLine))
  return [STRUCK, ...rules.map(({ selectorText }) => selectorText)].join()
}

function dropStruck(body, selector) {
  const elements = [...body.querySelectorAll(selector)].filter((element) => !element.parentElement.closest(selector))
  const struck = new Set(elements.filter(({ textContent }) => textContent.trim()))
  const passages = [...struck].filter(({ previousSibling }) => !struck.has(previousSibling)).length
  for (const element of struck) {
    if (element.matches("td, th")) element.replaceChildren() // the other cells stay in their columns
    else removeElement(element)
  }
  return passages
}

/** Remove an element, and the paragraphs and list items that become empty. */
function removeElement(element) {
  const parent = element.parentElement
  element.remove()
  if (parent?.matches(BLOCKS) && !parent.textContent.trim()) removeElement(parent)
}

/** Emojis that are drawn as pictures become characters; pictures one pixel wide do not count. */
function dropPictures(body) {
  const dropped = [...body.querySelectorAll(PICTURES)].filter((picture) => {
    const emoji = /^\p{Extended_Pictographic}\S{0,10}$/u.test(picture.alt) ? picture.alt : ""
    picture.replaceWith(emoji)
    return !emoji && picture.getAttribute("width") !== "1"
  })
  return dropped.length
}

/** Normalise addresses as browsers parse them; a link that is not allowed leaves its text. */
function unlink(body, allowedLink) {
  const refused = [...body.querySelectorAll("a[href]")].filter((link) => {
    const href = link.getAttribute("href").trim()
    const { href: allowed } = allowedLink(href.replace(/[\t\n\r]/g, "").replaceAll(" ", "%20"))
    if (allowed) link.setAttribute("href", allowed)
    else link.removeAttribute("href")
    return !allowed && /^[^#]/.test(href) && link.textContent.trim() // "#": a link within the source
  })
  return refused.length
}
