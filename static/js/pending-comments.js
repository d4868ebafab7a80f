// Comments that are under way, shown where they will stand.

import { createElement } from "./dom.js"

// By key: {element, home()}.
const pending = new Map()

/** The element of a comment under way; undefined if there is none. */
export function pendingComment(key) {
  return pending.get(key)?.element
}

export function dropPending(key) {
  pendingComment(key)?.remove()
  pending.delete(key)
}

/** Show a comment under way where it will stand, also after that part was drawn again. */
export function showPending({ key, label, text }, form) {
  const home = homeOf(form)
  const by = createElement("p", { className: "by" }, createElement("strong", { textContent: label }))
  const words = createElement("div", { className: "words", textContent: text })
  const element = createElement(home()?.localName === "ol" ? "li" : "div", { className: "comment pending" }, by, words)
  pending.set(key, { element, home })
  drawPending()
}

/** Put them where they belong, after parts of the page were drawn again. */
export function drawPending() {
  for (const { element, home } of pending.values()) {
    if (element.isConnected) continue
    const container = home()
    if (container?.localName === "ol") container.append(element)
    else container?.prepend(element)
  }
}

/** A reply goes to the end of its thread, a new thread before the others. */
function homeOf({ id }) {
  const [kind, number] = id.split("-")
  const place = kind === "reply" ? `#thread-${number} .said` : `#threads-${number}`
  return () => document.querySelector(place)
}
