// Starts the browser's store: its modules are loaded when the page is idle, or at once when something is to be stored.

import { retryForever } from "../backoff.js"
import { loadLaterMessages } from "../messages.js"
import { setWriter, notifyStoreWatcher } from "./store-access.js"

/** Loads what sends unsent texts and asks after a long absence; it comes with the editor. */
export const loadLeftover = () => import("../collab/leftover-texts.js")

/** Load the modules of the store: its writer with the first plan, its status when the page is idle. */
export function startStore() {
  setWriter({
    // If the store's module cannot be loaded, the plan has failed and its status is shown.
    take: (plan) => import("./store-writer.js").catch(() => (plan.failed = true, notifyStoreWatcher())),
  })
  retryForever(() => Promise.all([import("./pending-status.js"), loadLaterMessages()])).then(([{ start }]) => start())
}
