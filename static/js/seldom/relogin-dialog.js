// The dialog in which a person signs in again, over the page that stays as it is.

import { createElement, dialogOf } from "../dom.js"
import { elsewhere, renewToken, settled, token } from "../form-token.js"
import { messageText } from "../messages.js"

const LOOK_AROUND = 20_000

/** Resolves when the person has signed in. Escape gives a moment to look at the page or copy from it; then the dialog is back. */
export async function inDialog() {
  const dialog = built()
  const before = document.activeElement
  dialog.showModal()
  await new Promise((done) => {
    dialog.addEventListener("close", () => setTimeout(() => dialog.isConnected && dialog.showModal(), LOOK_AROUND))
    dialog.querySelector("form").addEventListener("submit", (event) => {
      event.preventDefault()
      submitted(dialog).then((signedIn) => signedIn && done())
    })
    // Who comes back from another window has signed in there, perhaps.
    document.addEventListener("visibilitychange", () => document.hidden || elsewhere().then((signedIn) => signedIn && done()))
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
    message.textContent = (await whyLater(answer)) || messageText("relogin.wrong")
  } catch {
    message.textContent = messageText("relogin.offline")
  }
  form.elements.password.value = ""
  form.elements.password.focus()
  return false
}

/** The server's own sentence where it is too early to try again; it says how long to wait. */
async function whyLater(answer) {
  if (answer.status !== 429 && answer.status !== 503) return ""
  const template = Object.assign(document.createElement("template"), { innerHTML: await answer.text() })
  const said = template.content.querySelector(".error")?.textContent.replace(/\s+/g, " ").trim()
  return said || messageText("relogin.later")
}

function built() {
  const form = createElement(
    "form",
    { method: "post", action: "/login" },
    field("email", messageText("relogin.email"), "username"),
    field("password", messageText("relogin.password"), "current-password"),
    createElement("p", { role: "alert" }),
    createElement("button", { textContent: messageText("relogin.submit") }),
  )
  return dialogOf("relogin", messageText("relogin.title"), createElement("p", { textContent: messageText("relogin.why") }), form)
}

function field(name, text, autocomplete) {
  const input = createElement("input", { id: `relogin-${name}`, name, type: name, autocomplete, required: true })
  return createElement("p", {}, createElement("label", { htmlFor: input.id, textContent: text }), input)
}
