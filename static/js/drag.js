// Drag and drop of rows, goals and measures by pointer. The buttons beside the handle do the same by keyboard.
//
// A row has data-row="<uuid>"; other movable elements have data-move="<url>" and data-move-id="<id>".

import { sendChange } from "./rows.js"

const MOVABLE = "[data-row], [data-move]"

let drag = null

export function startDrag() {
  document.addEventListener("pointerdown", (event) => {
    const handle = event.target.closest(".row-handle")
    if (handle && event.button === 0) begin(handle, event)
  })
  document.addEventListener("pointermove", (event) => drag && follow(event))
  document.addEventListener("pointerup", () => drag && drop())
  document.addEventListener("pointercancel", () => drag && end())
  document.addEventListener("keydown", (event) => drag && event.key === "Escape" && end())
}

function begin(handle, event) {
  const moved = handle.closest(MOVABLE)
  if (!moved) return
  event.preventDefault()
  handle.setPointerCapture(event.pointerId)
  drag = { moved, before: undefined }
  moved.setAttribute("data-dragging", "")
}

/** The drop position under the pointer: before the first sibling whose middle lies below it. */
function follow({ clientY }) {
  const siblings = siblingsOf(drag.moved)
  const before = siblings.find((element) => clientY < middle(element)) ?? null
  if (before === drag.before) return
  drag.before = before
  mark(siblings, before)
}

function drop() {
  const { moved, before } = drag
  const stays = before === undefined || before === nextOf(moved)
  end()
  if (!stays) sendChange(moved, urlOf(moved), { before: before ? keyOf(before) : "" })
}

function end() {
  drag.moved.removeAttribute("data-dragging")
  mark(siblingsOf(drag.moved), undefined)
  drag = null
}

function mark(siblings, before) {
  for (const element of siblings) element.classList.toggle("drop-before", element === before)
  siblings.at(-1)?.classList.toggle("drop-after", before === null)
}

function siblingsOf(moved) {
  return [...moved.parentElement.children].filter((element) => element !== moved && element.matches(MOVABLE))
}

function nextOf(moved) {
  const all = [...moved.parentElement.children].filter((element) => element.matches(MOVABLE))
  return all[all.indexOf(moved) + 1] ?? null
}

function middle(element) {
  const { top, height } = element.getBoundingClientRect()
  return top + height / 2
}

function urlOf(element) {
  return element.dataset.move ?? `/rows/${element.dataset.row}/move`
}

function keyOf(element) {
  return element.dataset.row ?? element.dataset.moveId
}
