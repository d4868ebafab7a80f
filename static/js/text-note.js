// A status note at a text or field, which explains why an action had no effect.

import { messageText } from "./messages.js"

/** Show message `key` in `host`; null removes the note. */
export function note(host, key, values = {}) {
  host.querySelector(":scope > .text-note")?.remove()
  if (!key) return
  const element = Object.assign(document.createElement("p"), { className: "text-note", textContent: messageText(key, values) })
  element.setAttribute("role", "status")
  host.append(element)
}
