// One sentence at a text about why it does not do what was asked.

import { messageText } from "./messages.js"

/** Show sentence `key` in `host`; null takes it away. */
export function note(host, key, values = {}) {
  host.querySelector(":scope > .text-note")?.remove()
  if (!key) return
  const element = Object.assign(document.createElement("p"), { className: "text-note", textContent: messageText(key, values) })
  element.setAttribute("role", "status")
  host.append(element)
}
