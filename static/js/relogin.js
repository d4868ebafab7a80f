// The login has ended, the page has not: sign in again in place, then everything goes on where it was.

import { retryForever } from "./backoff.js"
import { elsewhere } from "./form-token.js"
import { loadLaterMessages } from "./messages.js"

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
    const [{ inDialog }] = await Promise.all([retryForever(() => import("./seldom/relogin-dialog.js")), loadLaterMessages()])
    await pauseInTyping()
    await inDialog()
  }
  for (const watcher of watchers) watcher()
}

/** Nobody's sentence shall end in the form's e-mail field. */
async function pauseInTyping() {
  while (performance.now() - lastKey < PAUSE_IN_TYPING) await new Promise((done) => setTimeout(done, 200))
}
