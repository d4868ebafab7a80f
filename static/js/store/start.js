// What this browser has kept is looked at when the page has come to rest.

import { insist } from "../backoff.js"
import { laterWords } from "../words.js"
import { startKeeping } from "./door.js"

export function startStore() {
  startKeeping()
  if (!window.indexedDB || !window.BroadcastChannel) return
  insist(() => Promise.all([import("./watch.js"), laterWords()])).then(([{ start }]) => start())
}
