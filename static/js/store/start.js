// What this browser has kept is looked at when the page has come to rest, and at once when something is to be kept.

import { retryForever } from "../backoff.js"
import { loadLaterMessages } from "../messages.js"
import { setWriter, notifyStoreWatcher } from "./store-access.js"

/** What sees to words that were left behind in texts, or for long; it comes with the editor. */
export const left = () => import("../collab/leftover-texts.js")

export function startStore() {
  setWriter({
    // Where the store itself has not come, nothing is kept, and that is said.
    take: (plan) => import("./store-writer.js").catch(() => (plan.failed = true, notifyStoreWatcher())),
  })
  retryForever(() => Promise.all([import("./pending-status.js"), loadLaterMessages()])).then(([{ start }]) => start())
}
