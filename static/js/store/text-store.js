// Live documents in this browser's store: the last state that the server is known to have, so that a text can be opened
// offline, and unsent updates of closed pages.

import { Y } from "../../vendor/klimawerk-editor.yjs-13.6.33.js"
import { onSignedIn } from "../relogin.js"
import { Timers } from "../timers.js"
import { change, read } from "./database.js"
import { device } from "./device.js"
import { pendingChanges } from "./pending-changes.js"

const FIRST_DELAY = 1_000
const INTERVAL = 10_000

// After signing out, on whichever page, nothing more is stored for reading only.
let signedOut = false
pendingChanges.watch((what) => (signedOut ||= what === "forget"))
onSignedIn(() => (signedOut = false))

/** {base, left} of document `doc`: its base {gen, state, write, reason, by} or null, and the records of unsent text
 *  that this page has just taken over. Empty if the store cannot be read. */
export async function load(doc) {
  try {
    const base = await read("bases", (store) => store.get(doc))
    return { base: base ?? null, left: await leftFor(doc) }
  } catch {
    return { base: null, left: [] }
  }
}

async function leftFor(doc) {
  const claimed = []
  for (const record of await pendingChanges.leftBehind()) {
    if (record.kind === "text" && record.doc === doc && (await pendingChanges.claim(record))) claimed.push(record)
  }
  return claimed
}

/** The base of one document: the server's state as far as this page knows it (received or acknowledged). */
export class Base {
  #doc
  #parts = []
  #about = null
  #timers = new Timers()
  #writtenAt = 0
  #hidden = () => document.hidden && this.#write()

  constructor(doc) {
    this.#doc = doc
    document.addEventListener("visibilitychange", this.#hidden)
  }

  /** @param about {gen, write, reason, by} of the latest join */
  joined(about, update) {
    this.#about = about
    this.add(update)
  }

  add(update) {
    this.#parts.push(update)
    this.#timers.once("write", Date.now() - this.#writtenAt > INTERVAL ? FIRST_DELAY : INTERVAL, () => this.#write())
  }

  /** Stop storing it; with `forget` delete it. */
  end({ forget = false } = {}) {
    this.#timers.cancel("write")
    document.removeEventListener("visibilitychange", this.#hidden)
    this.#about = null
    if (forget) change("bases", (store) => store.delete(this.#doc)).catch(() => {})
  }

  async #write() {
    this.#timers.cancel("write")
    if (device.shared || signedOut || !this.#about) return
    this.#parts = [merge(this.#parts)]
    this.#writtenAt = Date.now()
    const record = { doc: this.#doc, state: this.#parts[0], at: this.#writtenAt, ...this.#about }
    await change("bases", (store) => store.put(record)).catch(() => {})
  }
}

/** Merge updates through a document, which drops deleted content. With missing predecessors they are kept as they
 *  are. */
function merge(updates) {
  const replica = new Y.Doc()
  for (const update of updates) Y.applyUpdate(replica, update)
  const complete = !replica.store.pendingStructs && !replica.store.pendingDs
  const state = complete ? Y.encodeStateAsUpdate(replica) : Y.mergeUpdates(updates)
  replica.destroy()
  return state
}
