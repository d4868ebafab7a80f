// Changes on their way to the server: in order, one at a time per item, kept until they are answered.

import { pause } from "./backoff.js"
import { connection } from "./connection.js"
import { headers, post } from "./http.js"
import { answered } from "./live.js"
import { saving } from "./saving.js"

const lanes = new Map()

/** Send `body` to `url` when its turn comes.
 *  @param change {key, lane, url, body, prepare(body)?, place(), answered(answer)}; a change that still waits is
 *  replaced by a newer one with the same key. `place` finds the element that tells of it. */
export function enqueue(change) {
  saving.waiting(change.key, change.place)
  const lane = laneOf(change.lane)
  const waiting = lane.changes.findIndex(({ key }, i) => key === change.key && !(i === 0 && lane.busy))
  if (waiting >= 0) lane.changes[waiting] = change
  else lane.changes.push(change)
  run(lane)
}

/** A lost network does not keep anybody waiting once it is back. */
export function startPosts() {
  connection.watch((state) => {
    if (state !== "online") return
    for (const lane of lanes.values()) {
      clearTimeout(lane.timer)
      lane.timer = null
      run(lane)
    }
  })
}

async function run(lane) {
  if (lane.busy || lane.timer || !lane.changes.length) return
  lane.busy = true
  const change = lane.changes[0]
  change.prepare?.(change.body)
  change.body.set("csrf_token", headers()["X-CSRFToken"])
  const answer = await post(change.url, change.body)
  lane.busy = false
  if (!answer) return later(lane)
  lane.attempt = 0
  lane.changes.shift()
  const more = lane.changes.some(({ key }) => key === change.key)
  if (!more && answer.ok) saving.saved(change.key)
  await change.answered(answer)
  answered(change.lane, Number(answer.headers.get("X-Rev")))
  run(lane)
}

function later(lane) {
  lane.timer = setTimeout(() => {
    lane.timer = null
    run(lane)
  }, pause(lane.attempt++))
}

function laneOf(name) {
  if (!lanes.has(name)) lanes.set(name, { changes: [], busy: false, timer: null, attempt: 0 })
  return lanes.get(name)
}
