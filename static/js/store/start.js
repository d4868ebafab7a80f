// Starts the browser's store: its modules are loaded when the page is idle, or at once when something is to be stored.

import { retryForever } from "../backoff.js"
import { loadLater } from "../load.js"
import { loadLaterMessages } from "../messages.js"
import { setWriter, notifyStoreWatcher } from "./store-access.js"

/** Load the modules of the store: its writer with the first plan, its status when the page is idle. */
export function startStore() {
  setWriter({
    // If the store's module cannot be loaded, the plan has failed and its status is shown.
    take: (plan) => loadLater().catch(() => (plan.failed = true, notifyStoreWatcher())),
  })
  retryForever(() => Promise.all([loadLater(), loadLaterMessages()])).then(([{ startPendingStatus }]) => startPendingStatus())
}
