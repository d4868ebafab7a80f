// What separates words in pasted HTML goes on separating them: line breaks, blocks that the editor does not know, the
// cells and rows of tables.

const UNKNOWN_BLOCKS = "dt, summary, legend, main, nav, center, hr"
const BREAKS = /^(br|p|div|li|h[1-6]|blockquote|pre|section|article|address|t[rdh]|d[dt]|summary|legend|main|nav|center|hr)$/
const MARKS = "a, b, strong, i, em, span, font"
const BLOCK_STYLE = /display:\s*(block|flex|grid|table)/i
const KEEPS_LINES = /white-space:\s*(pre|break)/i

/** Changes `body` so that the editor reads each separator as one. */
export function separate(body) {
  for (const element of body.querySelectorAll("pre, [data-style]")) {
    if (element.matches("pre") || KEEPS_LINES.test(element.dataset.style)) keepLines(element)
  }
  for (const table of body.querySelectorAll("table")) table.replaceWith(...paragraphsOf(table))
  for (const element of body.querySelectorAll(`${UNKNOWN_BLOCKS}, :is(span, a, label)[data-style]`)) {
    if (element.matches(UNKNOWN_BLOCKS) || BLOCK_STYLE.test(element.dataset.style)) asBlock(element)
  }
}

/** Line feeds of preformatted text as line breaks. */
function keepLines(element) {
  const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT)
  const texts = []
  while (walker.nextNode()) if (walker.currentNode.data.trim()) texts.push(walker.currentNode)
  for (const text of texts) text.replaceWith(...text.data.split("\n").flatMap((line, n) => (n ? [lineBreak(), line] : line)))
}

function asBlock(element) {
  const block = document.createElement("div")
  element.replaceWith(block)
  block.append(element)
}

/** One paragraph for each row of a table, its cells separated by bars; of a table with one column what is in it. */
function paragraphsOf(table) {
  const rows = [...table.rows].map(({ cells }) => [...cells])
  const one = rows.every(({ length }) => length < 2)
  const filled = [table.caption ? [table.caption] : [], ...rows].map((cells) => cells.filter(({ textContent }) => textContent.trim()))
  return filled.filter(({ length }) => length).map((cells) => {
    const paragraph = document.createElement(one ? "div" : "p")
    cells.forEach((cell, n) => {
      if (n) paragraph.append(" | ")
      if (one) paragraph.append(...cell.childNodes)
      else inLines(cell, paragraph, { begun: false, broken: false })
    })
    return paragraph
  })
}

/** The words of `from` with their marks into `to`, a line break for each block and break between them. */
function inLines(from, to, at) {
  for (const child of [...from.childNodes]) {
    if (child.nodeType === Node.TEXT_NODE) line(child.data, to, at)
    else if (child.nodeType === Node.ELEMENT_NODE) {
      const breaks = BREAKS.test(child.localName)
      at.broken ||= breaks
      inLines(child, child.matches(MARKS) ? to.appendChild(child.cloneNode(false)) : to, at)
      at.broken ||= breaks
    }
  }
}

function line(text, to, at) {
  if (!text.trim()) return at.broken || to.append(" ")
  if (at.broken && at.begun) to.append(lineBreak())
  to.append(text)
  Object.assign(at, { begun: true, broken: false })
}

function lineBreak() {
  return document.createElement("br")
}
