// The server has moved on to a newer editor: this page says so and leaves the moment to its reader.

import { laterWords, word } from "./words.js"

export async function showReload() {
  await laterWords()
  if (document.getElementById("reload")) return
  const line = Object.assign(document.createElement("p"), { id: "reload", className: "flash", textContent: word("reload") })
  line.setAttribute("role", "status")
  const button = Object.assign(document.createElement("button"), { type: "button", textContent: word("reload.now") })
  button.addEventListener("click", () => location.reload())
  line.append(" ", button)
  document.querySelector("main")?.prepend(line)
}
