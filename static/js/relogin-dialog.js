// The dialog in which a person signs in again, over the page that stays as it is.

import { renewToken, settled, token } from "./form-token.js"
import { word } from "./words.js"

const LOOK_AROUND = 20_000

/** Resolves when the person has signed in. Escape gives a moment to look at the page or copy from it; then the dialog is back. */
export async function inDialog() {
  const dialog = built()
  document.body.append(dialog)
  const before = document.activeElement
  dialog.showModal()
  await new Promise((done) => {
    dialog.addEventListener("close", () => setTimeout(() => dialog.isConnected && dialog.showModal(), LOOK_AROUND))
    dialog.querySelector("form").addEventListener("submit", (event) => {
      event.preventDefault()
      submitted(dialog).then((signedIn) => signedIn && done())
    })
  })
  dialog.remove()
  before?.focus?.({ preventScroll: true })
}

/** True when signed in and the page has a fresh form token; else the reason stands in the dialog. */
async function submitted(dialog) {
  const form = dialog.querySelector("form")
  const message = dialog.querySelector("[role=alert]")
  try {
    await renewToken()
    const body = new URLSearchParams(new FormData(form))
    body.set("csrf_token", token().content)
    if ("shared" in document.documentElement.dataset) body.set("shared", "y")
    const answer = await fetch("/login", { method: "POST", body, headers: { "HX-Request": "true" } })
    if (answer.ok && answer.headers.get("X-Person")) return settled(answer)
    message.textContent = word(answer.status === 429 ? "relogin.later" : "relogin.wrong")
  } catch {
    message.textContent = word("relogin.offline")
  }
  form.elements.password.value = ""
  form.elements.password.focus()
  return false
}

function built() {
  const dialog = document.createElement("dialog")
  dialog.id = "relogin"
  dialog.setAttribute("aria-labelledby", "relogin-title")
  const title = Object.assign(document.createElement("h2"), { id: "relogin-title", textContent: word("relogin.title") })
  const why = Object.assign(document.createElement("p"), { textContent: word("relogin.why") })
  const form = Object.assign(document.createElement("form"), { method: "post", action: "/login" })
  const message = document.createElement("p")
  message.setAttribute("role", "alert")
  const submit = Object.assign(document.createElement("button"), { textContent: word("relogin.submit") })
  form.append(
    field("email", "email", word("relogin.email"), "username"),
    field("password", "password", word("relogin.password"), "current-password"),
    message,
    submit,
  )
  dialog.append(title, why, form)
  return dialog
}

function field(name, type, text, autocomplete) {
  const label = Object.assign(document.createElement("label"), { textContent: text })
  const input = Object.assign(document.createElement("input"), { name, type, autocomplete, required: true })
  input.id = `relogin-${name}`
  label.htmlFor = input.id
  const both = document.createElement("p")
  both.append(label, input)
  return both
}
