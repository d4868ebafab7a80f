// The server has moved on to a newer editor: this page says so and leaves the moment to its reader.

import { createElement } from "../dom.js"
import { loadLaterMessages, messageText } from "../messages.js"

export async function showReload() {
  await loadLaterMessages()
  if (document.getElementById("reload")) return
  const line = createElement("p", { id: "reload", className: "flash", role: "status", textContent: messageText("reload") })
  const button = createElement("button", { type: "button", textContent: messageText("reload.now") })
  button.addEventListener("click", () => location.reload())
  line.append(" ", button)
  document.querySelector("main")?.prepend(line)
}
