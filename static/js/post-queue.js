// Queue of changes sent by POST: in order, one at a time per item, stored in the browser until they are acknowledged.

import { retryDelay } from "./backoff.js"
import { connection } from "./connection.js"
import { hold } from "./hold.js"
import { headers, post } from "./http.js"
import { answered } from "./live.js"
import { saveStatus } from "./save-status.js"
import { device } from "./store/device.js"
import { dropPlan, storePlan } from "./store/store-access.js"
import { STORING } from "./wire.js"

/** Status of the response to a change of an item that is closed for editing. */
export const CLOSED = 423

const lanes = new Map()

/** Send `body` to `url` when its turn comes.
 *  @param change {key, lane, url, body, prepare(body)?, place(), element, label, text, answered(answer)}; a queued
 *  change is replaced by a newer one with the same key. `place` finds the element that shows its state, `element` is
 *  the id of that, `label` and `text` describe the change to the user. `answered` may return the reason of a refusal:
 *  then the change stays stored for copying. With `kept`, the caller stores it. */
export function enqueue(change) {
  saveStatus.waiting(change.key, change.place)
  if (!change.kept) storePlan(change.key, () => recordOf(change))
  const lane = laneOf(change.lane)
  const waiting = lane.changes.findIndex(({ key }, i) => key === change.key && !(i === 0 && lane.busy))
  if (waiting >= 0) lane.changes[waiting] = change
  else lane.changes.push(change)
  run(lane)
}

/** The record of a change in the browser's store. */
export function recordOf({ url, body, prepare, lane, element, label, text, since, stuck = "", closed = false }) {
  const kept = new URLSearchParams(body)
  prepare?.(kept)
  kept.delete("csrf_token")
  const { pathname } = new URL(url, location.href)
  const rev = Number(document.querySelector(`[data-topic="${CSS.escape(lane)}"]`)?.dataset.rev) || 0
  const about = { doc: lane, rev, gen: device.gen, element, words: [{ label, text }], stuck, closed, ...(since && { since }) }
  return { kind: "post", url: pathname, body: `${kept}`, ...about }
}

/** Retry at once when the connection is back, when the server can store again, or when the hold is released. */
export function startPosts() {
  connection.watch((state) => state === "online" && runAll())
  connection.on(STORING, ({ able }) => able && runAll())
  hold.watch(runAll)
}

function runAll() {
  for (const lane of lanes.values()) {
    clearTimeout(lane.timer)
    lane.timer = null
    run(lane)
  }
}

async function run(lane) {
  if (lane.busy || lane.timer || !lane.changes.length || !hold.open) return
  lane.busy = true
  const change = lane.changes[0]
  change.prepare?.(change.body)
  change.body.set("csrf_token", headers()["X-CSRFToken"])
  const answer = await post(change.url, change.body)
  lane.busy = false
  if (!answer) return retryLater(lane)
  lane.attempt = 0
  lane.changes.shift()
  const stuck = await change.answered(answer) // may draw the field again and enqueue a newer value
  if (!lane.changes.some(({ key }) => key === change.key)) {
    if (answer.ok) saveStatus.saved(change.key)
    if (!change.kept) storeOrDrop(change, stuck, answer.status === CLOSED)
  }
  answered(change.lane, Number(answer.headers.get("X-Rev")))
  run(lane)
}

/** A refused change stays in the browser for copying until the user dismisses it. */
function storeOrDrop(change, stuck, closed) {
  if (stuck) storePlan(change.key, () => recordOf({ ...change, stuck, closed }))
  else dropPlan(change.key)
}

function retryLater(lane) {
  lane.timer = setTimeout(() => {
    lane.timer = null
    run(lane)
  }, retryDelay(lane.attempt++))
}

function laneOf(name) {
  if (!lanes.has(name)) lanes.set(name, { changes: [], busy: false, timer: null, attempt: 0 })
  return lanes.get(name)
}
