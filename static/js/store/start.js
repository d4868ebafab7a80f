// What this browser has kept is looked at when the page has come to rest, and at once when something is to be kept.

import { insist } from "../backoff.js"
import { laterWords } from "../words.js"
import { keepBy, tell } from "./door.js"

/** What sees to words that were left behind in texts, or for long; it comes with the editor. */
export const left = () => import("../collab/left.js")

export function startStore() {
  keepBy({
    // Where the store itself has not come, nothing is kept, and that is said.
    take: (plan) => import("./keeper.js").catch(() => (plan.failed = true, tell())),
  })
  insist(() => Promise.all([import("./watch.js"), laterWords()])).then(([{ start }]) => start())
}
