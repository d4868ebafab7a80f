// A button at a text that starts a comment about the selected passage, for pointer and keyboard.

import { createElement } from "./dom.js"
import { messageText } from "./messages.js"

const DELAY = 300

let button = null
let timer = null

/** Call `ask(text, {words, before, after})` when the user wants to comment on a passage of a <kw-text>. */
export function startPassages(ask) {
  if (!document.querySelector("[id^=talks-]")) return
  document.addEventListener("selectionchange", () => {
    clearTimeout(timer)
    timer = setTimeout(() => show(ask), DELAY)
  })
}

function show(ask) {
  if (document.activeElement === button) return // focusing the button has changed the selection
  button?.remove()
  button = null
  const selection = getSelection()
  // At most 500 characters; surrogate pairs stay whole, and combining marks stay with their character.
  const words = /.{0,500}(?!\p{M})/su.exec(selection.toString().replace(/\s+/g, " ").trim())[0]
  const body = selection.rangeCount && bodyOf(selection.anchorNode)
  if (!words || !body || body !== bodyOf(selection.focusNode)) return
  const host = body.closest("kw-text")
  const passage = { words, ...around(body, selection.getRangeAt(0)) }
  button = createElement("button", { type: "button", className: "plain", textContent: messageText("comments.passage") })
  button.addEventListener("pointerdown", (event) => event.preventDefault()) // keep the selection
  button.addEventListener("click", () => {
    button.remove()
    ask(host, passage)
  })
  host.append(button)
}

/** Up to 40 characters before and after the passage, to tell equal passages apart. */
function around(body, { startContainer, startOffset, endContainer, endOffset }) {
  const range = new Range()
  range.selectNodeContents(body)
  range.setEnd(startContainer, startOffset)
  const before = /.{0,40}$/su.exec(range)[0]
  range.selectNodeContents(body)
  range.setStart(endContainer, endOffset)
  return { before, after: /.{0,40}/su.exec(range)[0] }
}

function bodyOf(node) {
  return (node?.closest ? node : node?.parentElement)?.closest("kw-text .text-body")
}
