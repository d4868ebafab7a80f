// Signing out: asks while something waits, and leaves nothing behind that others could read.

import { build, dialogOf, plainButton } from "../dom.js"
import { saving } from "../save-status.js"
import { counted, word } from "../messages.js"
import { owed } from "./store-access.js"
import { all } from "./store-writer.js"
import { forgetPages } from "./page-cache.js"
import { waiting, wordsIn } from "./pending-changes.js"

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
  const n = Math.max(saving.count, wordsIn(await all()))
  if (n && !(await agreed(n))) return
  await forget()
  saving.letGo()
  form.submit()
}

/** Whether the person goes all the same. */
function agreed(n) {
  const stay = plainButton(word("leaving.stay"), { type: "submit" })
  const go = plainButton(word("leaving.go"), { type: "submit", value: "go" })
  const show = plainButton(word("panel.show"), { data: { showWaiting: "" } })
  const why = build("p", { textContent: `${counted("waiting.here", n)} ${owed().length ? word("leaving.lost") : word("leaving.why")}` })
  const form = build("form", { method: "dialog" }, build("p", { className: "actions" }, stay, go, show))
  const dialog = dialogOf("leaving", word("leaving.title"), why, form)
  dialog.showModal()
  return new Promise((done) => {
    dialog.addEventListener("close", () => {
      dialog.remove()
      done(dialog.returnValue === "go")
    })
  })
}
