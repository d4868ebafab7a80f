// The sign-in dialog, shown over the page, which stays as it is.

import { createElement, dialogOf } from "../dom.js"
import { applyToken, renewToken, signedInElsewhere, token } from "../form-token.js"
import { messageText } from "../messages.js"

const REOPEN_DELAY = 20_000

/** Resolves when the user has signed in. Escape closes the dialog for 20 s, to read or copy from the page. */
export async function signInDialog() {
  const dialog = createDialog()
  const focused = document.activeElement
  const end = new AbortController()
  dialog.showModal()
  await new Promise((done) => {
    dialog.addEventListener("close", () => setTimeout(() => dialog.isConnected && dialog.showModal(), REOPEN_DELAY))
    dialog.querySelector("form").addEventListener("submit", (event) => {
      event.preventDefault()
      submit(dialog).then((signedIn) => signedIn && done())
    })
    // The user may have signed in in another tab.
    const look = () => document.hidden || signedInElsewhere().then((signedIn) => signedIn && done())
    document.addEventListener("visibilitychange", look, { signal: end.signal })
  })
  end.abort()
  dialog.remove()
  focused?.focus?.({ preventScroll: true })
}

/** True when signed in and the page has a new form token; else the dialog shows the reason. */
async function submit(dialog) {
  const form = dialog.querySelector("form")
  const message = dialog.querySelector("[role=alert]")
  try {
    await renewToken()
    const body = new URLSearchParams(new FormData(form))
    body.set("csrf_token", token().content)
    if ("shared" in document.documentElement.dataset) body.set("shared", "y")
    const answer = await fetch("/login", { method: "POST", body, headers: { "HX-Request": "true" } })
    if (answer.ok && answer.headers.get("X-Person")) return applyToken(answer)
    message.textContent = await reason(answer)
  } catch {
    message.textContent = messageText("relogin.offline")
  }
  form.elements.password.value = ""
  form.elements.password.focus()
  return false
}

/** Why it did not work. The server's own message if the password was not checked: it says how long to wait. */
async function reason(answer) {
  if (answer.status !== 429 && answer.status < 500) return messageText("relogin.wrong")
  const template = Object.assign(document.createElement("template"), { innerHTML: await answer.text() })
  const sentence = template.content.querySelector(".error")?.textContent.replace(/\s+/g, " ").trim()
  return sentence || messageText(answer.status === 429 || answer.status === 503 ? "relogin.later" : "relogin.offline")
}

function createDialog() {
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
