// Changes on their way to the server: in order, one at a time per item, kept until they are answered.

import { retryDelay } from "./backoff.js"
import { connection } from "./connection.js"
import { hold } from "./hold.js"
import { headers, post } from "./http.js"
import { answered } from "./live.js"
import { saveStatus } from "./save-status.js"
import { device } from "./store/device.js"
import { dropPlan, storePlan } from "./store/store-access.js"
import { STORING } from "./wire.js"

/** The answer to a change of what is closed for editing. */
export const CLOSED = 423

const lanes = new Map()

/** Send `body` to `url` when its turn comes.
 *  @param change {key, lane, url, body, prepare(body)?, place(), element, label, text, answered(answer)}; a change that
 *  still waits is replaced by a newer one with the same key. `place` finds the element that tells of it, `element` is
 *  that one's id, `label` and `text` are its words for people. `answered` may return why it was not taken: then it is
 *  kept for copying. With `kept`, somebody else sees to its being kept. */
export function enqueue(change) {
  saveStatus.waiting(change.key, change.place)
  if (!change.kept) storePlan(change.key, () => recordOf(change))
  const lane = laneOf(change.lane)
  const waiting = lane.changes.findIndex(({ key }, i) => key === change.key && !(i === 0 && lane.busy))
  if (waiting >= 0) lane.changes[waiting] = change
  else lane.changes.push(change)
  run(lane)
}

/** A change as it is kept in the browser. */
export function recordOf({ url, body, prepare, lane, element, label, text, since, stuck = "", closed = false }) {
  const kept = new URLSearchParams(body)
  prepare?.(kept)
  kept.delete("csrf_token")
  const { pathname } = new URL(url, location.href)
  const rev = Number(document.querySelector(`[data-topic="${CSS.escape(lane)}"]`)?.dataset.rev) || 0
  const about = { doc: lane, rev, gen: device.gen, element, words: [{ label, text }], stuck, closed, ...(since && { since }) }
  return { kind: "post", url: pathname, body: `${kept}`, ...about }
}

/** A lost network does not keep anybody waiting once it is back. */
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
  if (!answer) return later(lane)
  lane.attempt = 0
  lane.changes.shift()
  const stuck = await change.answered(answer) // it may draw the field anew, and send a newer value
  if (!lane.changes.some(({ key }) => key === change.key)) {
    if (answer.ok) saveStatus.saved(change.key)
    if (!change.kept) settle(change, stuck, answer.status === CLOSED)
  }
  answered(change.lane, Number(answer.headers.get("X-Rev")))
  run(lane)
}

/** What was refused stays in the browser, for copying, until its writer has seen to it. */
function settle(change, stuck, closed) {
  if (stuck) storePlan(change.key, () => recordOf({ ...change, stuck, closed }))
  else dropPlan(change.key)
}

function later(lane) {
  lane.timer = setTimeout(() => {
    lane.timer = null
    run(lane)
  }, retryDelay(lane.attempt++))
}

function laneOf(name) {
  if (!lanes.has(name)) lanes.set(name, { changes: [], busy: false, timer: null, attempt: 0 })
  return lanes.get(name)
}
