// Where somebody clicked, carried from the server's HTML into the editor that takes its place.

const BLOCKS = "p, h3, h4, li"

/** {block, offset}: in which paragraph of `body`, after how many characters; null when the click was in none. */
export function placeOf(body, { clientX, clientY }) {
  const caret = document.caretPositionFromPoint?.(clientX, clientY) ?? legacy(clientX, clientY)
  if (!caret || !body.contains(caret.offsetNode)) return null
  const element = caret.offsetNode.nodeType === Node.TEXT_NODE ? caret.offsetNode.parentElement : caret.offsetNode
  const block = [...body.querySelectorAll(BLOCKS)].filter((found) => !found.querySelector(BLOCKS))
  const index = block.findIndex((found) => found.contains(element))
  return index < 0 ? null : { block: index, offset: charactersBefore(block[index], caret) }
}

/** The position in `doc` (ProseMirror) at `place`; the end of the text when there is no such place any more. */
export function positionOf(doc, place) {
  let position = null
  let block = -1
  doc.descendants((node, at) => {
    if (node.isTextblock && ++block === place?.block) position = at + 1 + Math.min(place.offset, node.content.size)
    return !node.isTextblock
  })
  return position ?? doc.content.size - 1
}

function charactersBefore(block, { offsetNode, offset }) {
  if (offsetNode.nodeType !== Node.TEXT_NODE) return offset ? block.textContent.length : 0
  const walker = document.createTreeWalker(block, NodeFilter.SHOW_TEXT)
  let before = 0
  while (walker.nextNode() && walker.currentNode !== offsetNode) before += walker.currentNode.length
  return before + offset
}

function legacy(x, y) {
  const range = document.caretRangeFromPoint?.(x, y)
  return range && { offsetNode: range.startContainer, offset: range.startOffset }
}
