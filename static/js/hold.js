// The hold on unsent changes: after more than a day offline they wait until the user has seen what others changed and
// releases them.

import { connection } from "./connection.js"
import { saveStatus } from "./save-status.js"

const watchers = new Set()
let released = false
let offlineSince = null

export const hold = {
  /** Milliseconds that changes may wait before the user is asked. */
  DAY: 24 * 60 * 60 * 1_000,
  open: true,

  /** Set the hold if a record has waited too long, unless the user has released changes already. */
  holdIfOld(records) {
    if (!released && records.some(({ since }) => Date.now() - since > this.DAY)) this.open = false
  },

  /** The user wants their changes to be sent. */
  release() {
    released = this.open = true
    for (const watcher of watchers) watcher()
  },

  /** Call `watcher` when the hold is released. */
  watch(watcher) {
    watchers.add(watcher)
  },
}

// Registered first: runs before other watchers see that the connection is back.
connection.watch((state) => {
  if (state === "offline") offlineSince ??= Date.now()
  if (state !== "online") return
  if (offlineSince && Date.now() - offlineSince > hold.DAY && saveStatus.count) {
    released = hold.open = false
  }
  offlineSince = null
})
