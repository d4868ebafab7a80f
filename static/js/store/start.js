// What this browser has kept is looked at when the page has come to rest.

import { whenIdle } from "../idle.js"
import { startKeeping } from "./door.js"

export function startStore() {
  startKeeping()
  if (window.indexedDB && window.BroadcastChannel) whenIdle(() => import("./watch.js").then(({ start }) => start()))
}
