// Signing out: asks while something waits, and leaves nothing behind that others could read.

import { build } from "../build.js"
import { saving } from "../saving.js"
import { counted, word } from "../words.js"
import { device } from "./device.js"
import { flush } from "./door.js"
import { forgetPages } from "./pages.js"
import { waiting } from "./waiting.js"

export function startLeaving() {
  document.addEventListener("submit", (event) => {
    if (event.defaultPrevented || new URL(event.target.action).pathname !== "/logout") return
    event.preventDefault()
    leave(event.target)
  })
}

/** Everything that was kept for reading alone. */
export async function forget() {
  await Promise.allSettled([forgetPages(), waiting.forgetRead()])
}

async function leave(form) {
  await flush()
  const n = Math.max(saving.count, await kept())
  if (n && !(await agreed(n))) return
  await forget()
  saving.letGo()
  form.submit()
}

async function kept() {
  const records = await waiting.list()
  return records.reduce((sum, { words }) => sum + words.length, 0)
}

/** Whether the person goes all the same. */
function agreed(n) {
  const stay = build("button", { value: "", className: "plain", textContent: word("leaving.stay") })
  const go = build("button", { value: "go", className: "plain", textContent: word("leaving.go") })
  const show = build("button", { type: "button", className: "plain", textContent: word("panel.show"), data: { showWaiting: "" } })
  const why = build("p", { textContent: `${counted("waiting.here", n)} ${word(device.shared ? "leaving.shared" : "leaving.why")}` })
  const title = build("h2", { id: "leaving-title", textContent: word("leaving.title") })
  const form = build("form", { method: "dialog" }, build("p", { className: "actions" }, stay, go, show))
  const dialog = build("dialog", { id: "leaving" }, title, why, form)
  dialog.setAttribute("aria-labelledby", title.id)
  document.body.append(dialog)
  dialog.showModal()
  return new Promise((done) => {
    dialog.addEventListener("close", () => {
      dialog.remove()
      done(dialog.returnValue === "go")
    })
  })
}
