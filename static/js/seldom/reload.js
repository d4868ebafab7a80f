// The server has moved on to a newer editor: this page says so and leaves the moment to its reader.

import { build } from "../dom.js"
import { laterWords, word } from "../messages.js"

export async function showReload() {
  await laterWords()
  if (document.getElementById("reload")) return
  const line = build("p", { id: "reload", className: "flash", role: "status", textContent: word("reload") })
  const button = build("button", { type: "button", textContent: word("reload.now") })
  button.addEventListener("click", () => location.reload())
  line.append(" ", button)
  document.querySelector("main")?.prepend(line)
}
