// The login has ended, the page has not: sign in again in place, then everything goes on where it was.

import { laterWords, word } from "./words.js"

const FORM = "/login/form"
const LOOK_AROUND = 20_000
const PAUSE_IN_TYPING = 1_500
const watchers = new Set()
let underway = null
let lastKey = -PAUSE_IN_TYPING

document.addEventListener("keydown", () => (lastKey = performance.now()), { capture: true })

/** Resolves when the person has signed in again; one dialog for all who ask. */
export function signInAgain() {
  underway ??= ask().finally(() => (underway = null))
  return underway
}

/** Call `watcher` after each signing in; returns what ends that. */
export function onSignedIn(watcher) {
  watchers.add(watcher)
  return () => watchers.delete(watcher)
}

async function ask() {
  if (!(await elsewhere())) await inDialog()
  for (const watcher of watchers) watcher()
}

/** Another tab may have signed in already. */
async function elsewhere() {
  try {
    const answer = await renewToken()
    return answer.headers.has("X-Person") && settled(answer)
  } catch {
    return false
  }
}

/** Escape gives a moment to look at the page or copy from it; then the dialog is back. */
async function inDialog() {
  await Promise.all([pauseInTyping(), laterWords()])
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

/** Nobody's sentence shall end in the form's e-mail field. */
async function pauseInTyping() {
  while (performance.now() - lastKey < PAUSE_IN_TYPING) await new Promise((done) => setTimeout(done, 200))
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

/** Somebody else's words stay theirs: another person gets a page of their own. */
function settled(answer) {
  if (answer.headers.get("X-Person") !== document.documentElement.dataset.userId) {
    location.reload()
    return false
  }
  token().content = answer.headers.get("X-CSRFToken")
  return true
}

/** Give the page a form token that is good now; resolves with the answer, which names the person if one is signed in. */
export async function renewToken() {
  const answer = await fetch(FORM, { headers: { "HX-Request": "true" }, cache: "no-store" })
  const form = new DOMParser().parseFromString(await answer.text(), "text/html")
  const fresh = answer.headers.get("X-CSRFToken") ?? form.querySelector("input[name=csrf_token]")?.value
  if (fresh) token().content = fresh
  return answer
}

function token() {
  return document.querySelector("meta[name=csrf-token]")
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
