// What this browser has kept is looked at when the page has come to rest.

import { whenIdle } from "../idle.js"
import { laterWords } from "../words.js"
import { startKeeping } from "./door.js"

export function startStore() {
  startKeeping()
  if (window.indexedDB && window.BroadcastChannel) whenIdle(watch)
}

async function watch() {
  const [{ start }] = await Promise.all([import("./watch.js"), laterWords()])
  start()
}
