// The position of a click, passed from the server's HTML to the editor that replaces it.

const BLOCKS = "p, h3, h4, li"

/** {block, offset}: index of the paragraph in `body` and number of characters before the click; null when the click was
 *  in no paragraph. */
export function placeOf(body, { clientX, clientY }) {
  const caret = document.caretPositionFromPoint?.(clientX, clientY) ?? caretFromRange(clientX, clientY)
  if (!caret || !body.contains(caret.offsetNode)) return null
  const element = caret.offsetNode.nodeType === Node.TEXT_NODE ? caret.offsetNode.parentElement : caret.offsetNode
  const block = [...body.querySelectorAll(BLOCKS)].filter((candidate) => !candidate.querySelector(BLOCKS))
  const index = block.findIndex((candidate) => candidate.contains(element))
  return index < 0 ? null : { block: index, offset: charactersBefore(block[index], caret) }
}

function charactersBefore(block, { offsetNode, offset }) {
  if (offsetNode.nodeType !== Node.TEXT_NODE) return offset ? block.textContent.length : 0
  const walker = document.createTreeWalker(block, NodeFilter.SHOW_TEXT)
  let before = 0
  while (walker.nextNode() && walker.currentNode !== offsetNode) before += walker.currentNode.length
  return before + offset
}

function caretFromRange(x, y) {
  const range = document.caretRangeFromPoint?.(x, y)
  return range && { offsetNode: range.startContainer, offset: range.startOffset }
}
