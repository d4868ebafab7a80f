// What is done by pointer, by pasting and in comments, and can wait until the page has come to rest.

import { startBusy } from "./busy.js"
import { startComments } from "./comments.js"
import { startDrag } from "./drag.js"
import { startTablePaste } from "./paste-table.js"

export function start() {
  // A form that came back filled in stands at the address of its page again.
  const { at } = document.documentElement.dataset
  if (at) history.replaceState(null, "", at)
  startBusy()
  startDrag()
  startTablePaste()
  addEventListener("pageshow", renewKeys)
  if (document.documentElement.dataset.userId) startComments()
  document.documentElement.classList.add("draggable")
}

/** On a page that the browser kept as it was, pressing again means something new (klimawerk/idempotency). */
function renewKeys({ persisted }) {
  if (persisted) for (const field of document.querySelectorAll("[name=request_key]")) field.value += "."
}
