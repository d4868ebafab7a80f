// Signing out: asks while there are unsent changes, and deletes what others could read.

import { createElement, dialogOf, plainButton } from "../dom.js"
import { saveStatus } from "../save-status.js"
import { countedMessage, messageText } from "../messages.js"
import { unstoredPlans } from "./store-access.js"
import { listAll } from "./store-writer.js"
import { forgetPages } from "./page-cache.js"
import { pendingChanges, countTexts } from "./pending-changes.js"

export function startSignOut() {
  document.addEventListener("submit", (event) => {
    if (event.defaultPrevented || new URL(event.target.action).pathname !== "/logout") return
    event.preventDefault()
    signOut(event.target)
  })
}

/** Delete everything that was stored for reading only. */
export async function forget() {
  await Promise.allSettled([forgetPages(), pendingChanges.forgetRead()])
}

async function signOut(form) {
  const n = Math.max(saveStatus.count, countTexts(await listAll()))
  if (n && !(await confirmed(n))) return
  await forget()
  saveStatus.allowLeaving()
  form.submit()
}

/** Whether the user signs out all the same. */
function confirmed(n) {
  const stay = plainButton(messageText("leaving.stay"), { type: "submit" })
  const go = plainButton(messageText("leaving.go"), { type: "submit", value: "go" })
  const show = plainButton(messageText("panel.show"), { data: { showWaiting: "" } })
  const why = createElement("p", { textContent: `${countedMessage("waiting.here", n)} ${unstoredPlans().length ? messageText("leaving.lost") : messageText("leaving.why")}` })
  const form = createElement("form", { method: "dialog" }, createElement("p", { className: "actions" }, stay, go, show))
  const dialog = dialogOf("leaving", messageText("leaving.title"), why, form)
  dialog.showModal()
  return new Promise((done) => {
    dialog.addEventListener("close", () => {
      dialog.remove()
      done(dialog.returnValue === "go")
    })
  })
}
