// What this browser keeps of live documents: the last state that is known to be the server's, so that a text can be
// opened without a network, and what pages that are gone have left unsent.

import { Y } from "../../vendor/klimawerk-editor.yjs-13.6.33.js"
import { onSignedIn } from "../relogin.js"
import { Timers } from "../timers.js"
import { change, read } from "./database.js"
import { device } from "./device.js"
import { pendingChanges } from "./pending-changes.js"

const SOON = 1_000
const NOW_AND_THEN = 10_000

// From the moment at which the person signs out, in whatever page, nothing more is kept of what is only read.
let signedOut = false
pendingChanges.watch((what) => (signedOut ||= what === "forget"))
onSignedIn(() => (signedOut = false))

/** {base, left} of the document `doc`: its base {gen, state, write, reason, by} or null, and the records of unsent
 *  words that this page has just taken over. Empty where the browser keeps nothing. */
export async function recall(doc) {
  try {
    const base = await read("bases", (store) => store.get(doc))
    return { base: base ?? null, left: await leftFor(doc) }
  } catch {
    return { base: null, left: [] }
  }
}

async function leftFor(doc) {
  const mine = []
  for (const record of await pendingChanges.leftBehind()) {
    if (record.kind === "text" && record.doc === doc && (await pendingChanges.claim(record))) mine.push(record)
  }
  return mine
}

/** The server's state of one document as far as this page knows it: what it sent, and what it has acknowledged. */
export class Base {
  #doc
  #parts = []
  #about = null
  #timers = new Timers()
  #written = 0
  #hidden = () => document.hidden && this.#write()

  constructor(doc) {
    this.#doc = doc
    document.addEventListener("visibilitychange", this.#hidden)
  }

  /** @param about {gen, write, reason, by} as the server said it last */
  joined(about, update) {
    this.#about = about
    this.add(update)
  }

  add(update) {
    this.#parts.push(update)
    this.#timers.once("write", Date.now() - this.#written > NOW_AND_THEN ? SOON : NOW_AND_THEN, () => this.#write())
  }

  /** Nothing of it is valid any more. */
  end({ forget = false } = {}) {
    this.#timers.cancel("write")
    document.removeEventListener("visibilitychange", this.#hidden)
    this.#about = null
    if (forget) change("bases", (store) => store.delete(this.#doc)).catch(() => {})
  }

  async #write() {
    this.#timers.cancel("write")
    if (device.shared || signedOut || !this.#about) return
    this.#parts = [together(this.#parts)]
    this.#written = Date.now()
    const record = { doc: this.#doc, state: this.#parts[0], at: this.#written, ...this.#about }
    await change("bases", (store) => store.put(record)).catch(() => {})
  }
}

/** Through a document, so that what was deleted is let go. What builds on something missing is kept as it is. */
function together(updates) {
  const merged = new Y.Doc()
  for (const update of updates) Y.applyUpdate(merged, update)
  const whole = !merged.store.pendingStructs && !merged.store.pendingDs
  const state = whole ? Y.encodeStateAsUpdate(merged) : Y.mergeUpdates(updates)
  merged.destroy()
  return state
}
