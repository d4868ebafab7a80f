// When a page asks for missing updates: only when something has been missing for two seconds.

import assert from "node:assert/strict"
import { mock, test } from "node:test"
import { Sequence } from "../../static/js/collab/sequence.js"

/** How often a gap was reported after `frames(sequence)` and three seconds. */
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

test("a frame that overtakes the answer to a join needs no other one after it to be counted", () => {
  assert.equal(gaps((one) => (one.start(4), one.cover(5, 6), one.start(5))), 0)
})

test("what was missing before a join was asked for is forgotten, and a page that is cut off asks for nothing", () => {
  assert.equal(gaps((one) => (one.start(1), one.cover(5, 6), one.reset(), one.start(2))), 0)
  assert.equal(gaps((one) => (one.start(1), one.cover(5, 6), one.reset())), 0)
})

test("frames that come before the join is answered count from what it answers, also where the server has gone back", () => {
  assert.equal(gaps((one) => (one.start(9), one.reset(), one.cover(8, 10), one.start(5))), 1)
  assert.equal(gaps((one) => (one.start(9), one.reset(), one.cover(5, 6), one.start(5))), 0)
})

test("what is missing is asked for two seconds after it was missed, however much comes meanwhile", () => {
  mock.timers.enable({ apis: ["setTimeout"] })
  let asked = 0
  const sequence = new Sequence(() => asked++)
  sequence.start(1)
  sequence.cover(2, 3)
  mock.timers.tick(1_000)
  sequence.cover(3, 4)
  mock.timers.tick(999)
  assert.equal(asked, 0)
  mock.timers.tick(1)
  assert.equal(asked, 1)
  sequence.cover(4, 5) // still missing: reported again, no sooner than that
  mock.timers.tick(1_999)
  assert.equal(asked, 1)
  sequence.cover(1, 2)
  mock.timers.tick(10_000)
  assert.equal(asked, 1)
  mock.timers.reset()
})
