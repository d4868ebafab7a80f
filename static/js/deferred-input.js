// Starts input handling that can wait until the page is idle: drag and drop, pasting, comments.

import { retryForever } from "./backoff.js"
import { startComments } from "./comments.js"
import { startDrag } from "./drag.js"
import { loadSeldom } from "./load.js"

/** Called by main.js when the page is idle. */
export async function startDeferredInput() {
  // A form that was returned with its input is shown at the address of its page.
  const { at } = document.documentElement.dataset
  if (at) history.replaceState(null, "", at)
  startDrag()
  addEventListener("pageshow", renewKeys)
  addEventListener("paste", pictures)
  if (document.documentElement.dataset.userId) startComments()
  if (document.querySelector("[data-paste-table]")) await retryForever(loadSeldom)
  document.documentElement.classList.add("draggable")
}

/** Pictures pasted into a plain field are refused with a note. */
export function pictures({ target, clipboardData }) {
  const count = clipboardData?.getData("text") ? 0 : clipboardData?.files.length
  if (!count || !target.matches?.("textarea, input")) return
  retryForever(loadSeldom).then(({ notePictures }) => notePictures(target, count))
}

/** On a page restored from the back/forward cache, pressing a button again is a new action (klimawerk/idempotency). */
function renewKeys({ persisted }) {
  if (persisted) for (const field of document.querySelectorAll("[name=request_key]")) field.value += "."
}
