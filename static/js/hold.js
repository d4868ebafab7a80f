// Whether changes may go out at all. After more than a day without a connection they wait until their writer has seen
// what others did meanwhile.

import { connection } from "./connection.js"
import { saveStatus } from "./save-status.js"

const watchers = new Set()
let agreed = false
let cutOff = null

export const hold = {
  /** Milliseconds that words may wait without being asked about. */
  DAY: 24 * 60 * 60 * 1_000,
  open: true,

  /** Shut it for records that have waited too long, unless the person has been asked already. */
  holdIfOld(records) {
    if (!agreed && records.some(({ since }) => Date.now() - since > this.DAY)) this.open = false
  },

  /** The person wants their changes to go. */
  release() {
    agreed = this.open = true
    for (const watcher of watchers) watcher()
  },

  /** Call `watcher` when the gate is opened. */
  watch(watcher) {
    watchers.add(watcher)
  },
}

// Before anything else hears that the connection is back.
connection.watch((state) => {
  if (state === "offline") cutOff ??= Date.now()
  if (state !== "online") return
  if (cutOff && Date.now() - cutOff > hold.DAY && saveStatus.count) {
    agreed = hold.open = false
  }
  cutOff = null
})
