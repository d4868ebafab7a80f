// What this browser has kept is looked at when the page has come to rest, and at once when something is to be kept.

import { insist } from "../backoff.js"
import { laterWords } from "../messages.js"
import { keepBy, tell } from "./store-access.js"

/** What sees to words that were left behind in texts, or for long; it comes with the editor. */
export const left = () => import("../collab/leftover-texts.js")

export function startStore() {
  keepBy({
    // Where the store itself has not come, nothing is kept, and that is said.
    take: (plan) => import("./store-writer.js").catch(() => (plan.failed = true, tell())),
  })
  insist(() => Promise.all([import("./pending-status.js"), laterWords()])).then(([{ start }]) => start())
}
