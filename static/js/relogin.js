// Signing in again in place after the login has ended; the page and what is typed stay as they are.

import { retryForever } from "./backoff.js"
import { signedInElsewhere } from "./form-token.js"
import { loadSeldom } from "./load.js"
import { loadLaterMessages } from "./messages.js"

const TYPING_PAUSE = 1_500
const watchers = new Set()
let pendingSignIn = null
let lastKeyAt = -TYPING_PAUSE

document.addEventListener("keydown", () => (lastKeyAt = performance.now()), { capture: true })

/** Resolves when the user has signed in again; concurrent callers share one dialog. */
export function signInAgain() {
  pendingSignIn ??= requestSignIn().finally(() => (pendingSignIn = null))
  return pendingSignIn
}

/** Call `watcher` after each sign-in; returns a function that ends this. */
export function onSignedIn(watcher) {
  watchers.add(watcher)
  return () => watchers.delete(watcher)
}

async function requestSignIn() {
  if (!(await signedInElsewhere())) {
    const [{ signInDialog }] = await Promise.all([retryForever(loadSeldom), loadLaterMessages()])
    await pauseInTyping()
    await signInDialog()
  }
  for (const watcher of watchers) watcher()
}

/** Wait until the user pauses: what they type must not end in the dialog's e-mail field. */
async function pauseInTyping() {
  while (performance.now() - lastKeyAt < TYPING_PAUSE) await new Promise((done) => setTimeout(done, 200))
}
