// Keeps the separation of words in pasted HTML: line breaks, blocks that the editor does not know, cells and rows of
// tables.

const UNKNOWN_BLOCKS = "dt, summary, legend, main, nav, center, hr"
const BREAKS = /^(br|p|div|li|h[1-6]|blockquote|pre|section|article|address|t[rdh]|d[dt]|summary|legend|main|nav|center|hr)$/
const MARKS = "a, b, strong, i, em, span, font"
const BLOCK_STYLE = /display:\s*(block|flex|grid|table)/i
const KEEPS_LINES = /white-space:\s*(pre|break)/i

/** Change `body` so that the editor parses each of these as a separator. */
export function separate(body) {
  for (const element of body.querySelectorAll("pre, [data-style]")) {
    if (element.matches("pre") || KEEPS_LINES.test(element.dataset.style)) keepLines(element)
  }
  for (const table of body.querySelectorAll("table")) table.replaceWith(...paragraphsOf(table))
  for (const element of body.querySelectorAll(`${UNKNOWN_BLOCKS}, :is(span, a, label)[data-style]`)) {
    if (element.matches(UNKNOWN_BLOCKS) || BLOCK_STYLE.test(element.dataset.style)) wrapInBlock(element)
  }
}

/** Line feeds of preformatted text become line breaks. */
function keepLines(element) {
  const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT)
  const texts = []
  while (walker.nextNode()) if (walker.currentNode.data.trim()) texts.push(walker.currentNode)
  for (const text of texts) text.replaceWith(...text.data.split("\n").flatMap((line, n) => (n ? [lineBreak(), line] : line)))
}

function wrapInBlock(element) {
  const block = document.createElement("div")
  element.replaceWith(block)
  block.append(element)
}

/** One paragraph per table row, with its cells separated by bars; of a table with one column the content of its
 *  cells. */
function paragraphsOf(table) {
  const rows = [...table.rows].map(({ cells }) => [...cells])
  const singleColumn = rows.every(({ length }) => length < 2)
  const filled = [table.caption ? [table.caption] : [], ...rows].map((cells) => cells.filter(({ textContent }) => textContent.trim()))
  return filled.filter(({ length }) => length).map((cells) => {
    const paragraph = document.createElement(singleColumn ? "div" : "p")
    cells.forEach((cell, n) => {
      if (n) paragraph.append(" | ")
      if (singleColumn) paragraph.append(...cell.childNodes)
      else appendLines(cell, paragraph, { begun: false, broken: false })
    })
    return paragraph
  })
}

/** Append the text of `from` with its marks to `to`, with a line break between blocks. */
function appendLines(from, to, state) {
  for (const child of [...from.childNodes]) {
    if (child.nodeType === Node.TEXT_NODE) appendText(child.data, to, state)
    else if (child.nodeType === Node.ELEMENT_NODE) {
      const breaks = BREAKS.test(child.localName)
      state.broken ||= breaks
      appendLines(child, child.matches(MARKS) ? to.appendChild(child.cloneNode(false)) : to, state)
      state.broken ||= breaks
    }
  }
}

function appendText(text, to, state) {
  if (!text.trim()) return state.broken || to.append(" ")
  if (state.broken && state.begun) to.append(lineBreak())
  to.append(text)
  Object.assign(state, { begun: true, broken: false })
}

function lineBreak() {
  return document.createElement("br")
}
