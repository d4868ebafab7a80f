// When a page asks for what it lacks of a document: only when something is missing for two seconds.

import assert from "node:assert/strict"
import { mock, test } from "node:test"
import { Sequence } from "../../static/js/collab/sequence.js"

/** How often a gap has lasted after `frames(sequence)` and three seconds. */
function gaps(frames) {
  mock.timers.enable({ apis: ["setTimeout"] })
  let asked = 0
  const sequence = new Sequence(() => asked++)
  frames(sequence)
  mock.timers.tick(3_000)
  mock.timers.reset()
  return asked
}

test("a frame that overtakes the answer to a join is not missed afterwards", () => {
  assert.equal(gaps((one) => (one.start(4), one.cover(5, 6), one.start(5), one.cover(6, 7))), 0)
})

test("frames that overtake each other leave no gap, doubled ones neither", () => {
  assert.equal(gaps((one) => (one.start(1), one.cover(3, 4), one.cover(1, 3), one.cover(1, 3), one.cover(4, 5))), 0)
})

test("what is missing is asked for once", () => {
  assert.equal(gaps((one) => (one.start(1), one.cover(2, 3), one.cover(3, 4))), 1)
})

test("what is still missing after a join is asked for", () => {
  assert.equal(gaps((one) => (one.start(1), one.cover(5, 6), one.start(4))), 1)
})

test("what came before a join was asked for does not count", () => {
  assert.equal(gaps((one) => (one.start(1), one.cover(1, 9), one.reset(), one.start(2), one.cover(3, 4))), 1)
})
