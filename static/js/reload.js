// The notice that the server runs a newer version of the editor: the user decides when to reload the page.

import { createElement } from "./dom.js"
import { loadLaterMessages, messageText } from "./messages.js"

export async function showReload() {
  await loadLaterMessages()
  if (document.getElementById("reload")) return
  const line = createElement("p", { id: "reload", className: "flash", role: "status", textContent: messageText("reload") })
  const button = createElement("button", { type: "button", textContent: messageText("reload.now") })
  button.addEventListener("click", () => location.reload())
  line.append(" ", button)
  document.querySelector("main")?.prepend(line)
}
