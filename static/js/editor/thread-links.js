// Links between passages of a text and the threads about them.

import { createElement } from "../dom.js"
import { reveal } from "../page-anchors.js"

const DELAY = 200

// The thread whose passage to show: at first the one in the address.
let requestedThread = new URLSearchParams(location.search).get("thread")
let timer = null

document.addEventListener("selectionchange", () => {
  clearTimeout(timer)
  timer = setTimeout(showThreads, DELAY)
})
document.addEventListener("click", onClick)

/** The text has its marks: go to the passage that was requested. */
export function showRequestedThread(host) {
  const mark = requestedThread && host.querySelector(`mark[data-thread="${CSS.escape(requestedThread)}"]`)
  if (!mark) return
  requestedThread = null
  goToMark(mark)
}

function onClick(event) {
  const link = event.target.closest("a[data-passage]")
  if (!link || event.defaultPrevented || event.ctrlKey || event.metaKey || event.shiftKey) return
  const mark = document.querySelector(`mark[data-thread="${CSS.escape(link.dataset.passage)}"]`)
  const place = mark ?? document.getElementById(decodeURIComponent(link.hash.slice(1)))
  if (!place) return
  event.preventDefault()
  goToMark(place)
}

function goToMark(place) {
  const host = place.closest("kw-text")
  reveal(host)
  host.tabIndex = -1
  host.focus({ preventScroll: true })
  place.scrollIntoView({ block: "center" })
  for (const animation of place.getAnimations()) animation.cancel()
  place.animate?.([{ outlineColor: "currentColor" }, { outlineColor: "transparent" }], { duration: 3_000 })
}

/** Show links to the threads about the passage in which the caret stands. */
function showThreads() {
  const { anchorNode } = getSelection()
  const mark = (anchorNode?.nodeType === Node.ELEMENT_NODE ? anchorNode : anchorNode?.parentElement)?.closest("kw-text mark")
  const host = mark?.closest("kw-text")
  if (document.activeElement?.closest(".passage-note")) return
  for (const note of document.querySelectorAll(".passage-note")) note.remove()
  if (!host) return
  const links = threadsAt(mark).map((id) => document.querySelector(`[data-thread="${id}"] + a`)?.cloneNode(true))
  const note = createElement("p", { className: "text-note passage-note" }, ...links.filter(Boolean))
  note.lang = document.documentElement.lang
  host.append(note)
}

/** The threads of a passage: marks are nested where several are about the same words. */
function threadsAt(mark) {
  const ids = []
  for (let at = mark; at?.dataset.thread; at = at.parentElement) ids.push(at.dataset.thread)
  return ids
}
