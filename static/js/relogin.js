// The login has ended, the page has not: sign in again in place, then everything goes on where it was.

import { insist } from "./backoff.js"
import { laterWords } from "./words.js"

const FORM = "/login/form"
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
  if (!(await elsewhere())) {
    const [{ inDialog }] = await Promise.all([insist(() => import("./relogin-dialog.js")), laterWords()])
    await pauseInTyping()
    await inDialog()
  }
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

/** Nobody's sentence shall end in the form's e-mail field. */
async function pauseInTyping() {
  while (performance.now() - lastKey < PAUSE_IN_TYPING) await new Promise((done) => setTimeout(done, 200))
}

/** Somebody else's words stay theirs: another person gets a page of their own. */
export function settled(answer) {
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

export function token() {
  return document.querySelector("meta[name=csrf-token]")
}
