// What is done by pointer, by pasting and in comments, and can wait until the page has come to rest.

import { retryForever } from "./backoff.js"
import { startBusy } from "./busy-form.js"
import { startComments } from "./comments.js"
import { startDrag } from "./drag.js"

export async function start() {
  // A form that came back filled in stands at the address of its page again.
  const { at } = document.documentElement.dataset
  if (at) history.replaceState(null, "", at)
  startBusy()
  startDrag()
  addEventListener("pageshow", renewKeys)
  addEventListener("paste", pictures)
  if (document.documentElement.dataset.userId) startComments()
  if (document.querySelector("[data-paste-table]")) await retryForever(() => import("./seldom/paste-table.js"))
  document.documentElement.classList.add("draggable")
}

/** Plain fields take no pictures, and say so. */
export function pictures({ target, clipboardData }) {
  const count = clipboardData?.getData("text") ? 0 : clipboardData?.files.length
  if (!count || !target.matches?.("textarea, input")) return
  retryForever(() => import("./seldom/paste-fields.js")).then(({ tellPictures }) => tellPictures(target, count))
}

/** On a page that the browser kept as it was, pressing again means something new (klimawerk/idempotency). */
function renewKeys({ persisted }) {
  if (persisted) for (const field of document.querySelectorAll("[name=request_key]")) field.value += "."
}
