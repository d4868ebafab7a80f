// From the words of a text to what is said about them, and from there to the words.

import { createElement } from "../dom.js"
import { reveal } from "../page-anchors.js"

const SETTLED = 200

// The thread whose words are looked for: that of the address at first.
let wanted = new URLSearchParams(location.search).get("thread")
let timer = null

document.addEventListener("selectionchange", () => {
  clearTimeout(timer)
  timer = setTimeout(showThreads, SETTLED)
})
document.addEventListener("click", clicked)

/** The text has its marks: whoever came for one of them is led there. */
export function arrive(host) {
  const mark = wanted && host.querySelector(`mark[data-thread="${CSS.escape(wanted)}"]`)
  if (!mark) return
  wanted = null
  lead(mark)
}

function clicked(event) {
  const link = event.target.closest("a[data-passage]")
  if (!link || event.defaultPrevented || event.ctrlKey || event.metaKey || event.shiftKey) return
  const mark = document.querySelector(`mark[data-thread="${CSS.escape(link.dataset.passage)}"]`)
  const place = mark ?? document.getElementById(decodeURIComponent(link.hash.slice(1)))
  if (!place) return
  event.preventDefault()
  lead(place)
}

function lead(place) {
  const host = place.closest("kw-text")
  reveal(host)
  host.tabIndex = -1
  host.focus({ preventScroll: true })
  place.scrollIntoView({ block: "center" })
  for (const animation of place.getAnimations()) animation.cancel()
  place.animate?.([{ outlineColor: "currentColor" }, { outlineColor: "transparent" }], { duration: 3_000 })
}

/** Whose caret stands in marked words is offered what is said about them. */
function showThreads() {
  const { anchorNode } = getSelection()
  const inside = (anchorNode?.nodeType === Node.ELEMENT_NODE ? anchorNode : anchorNode?.parentElement)?.closest("kw-text mark")
  const host = inside?.closest("kw-text")
  if (document.activeElement?.closest(".passage-note")) return
  for (const note of document.querySelectorAll(".passage-note")) note.remove()
  if (!host) return
  const links = threadsAt(inside).map((id) => document.querySelector(`[data-thread="${id}"] + a`)?.cloneNode(true))
  const note = createElement("p", { className: "text-note passage-note" }, ...links.filter(Boolean))
  note.lang = document.documentElement.lang
  host.append(note)
}

/** Marks lie in each other where threads speak of the same words. */
function threadsAt(mark) {
  const ids = []
  for (let at = mark; at?.dataset.thread; at = at.parentElement) ids.push(at.dataset.thread)
  return ids
}
