// Retry delays: short at first, at most 15 s, never all pages at once.

import assert from "node:assert/strict"
import { beforeEach, mock, test } from "node:test"
import "../browser.mjs"
import { pass, settled, stopClock } from "../clock.mjs"
import { retryForever, retryDelay } from "../../static/js/backoff.js"

let dice

beforeEach(() => {
  stopClock()
  dice = 1
  mock.method(Math, "random", () => dice)
  globalThis.requestIdleCallback = (work) => work()
})

test("the pause doubles from half a second and ends at fifteen", () => {
  assert.deepEqual([0, 1, 2, 3, 4, 5, 6, 60].map(retryDelay), [500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000, 15_000])
})

test("pages that lost the line together do not come back together: a pause is between half of it and all", () => {
  dice = 0
  assert.deepEqual([0, 1, 60].map(retryDelay), [250, 500, 7_500])
  dice = 0.5
  assert.equal(retryDelay(1), 750)
})

test("what cannot be loaded is asked for until it is there, with longer pauses", async () => {
  let loads = 0
  const load = async () => {
    if (++loads < 4) throw new Error("no line")
    return "the editor"
  }
  let got = null
  retryForever(load).then((found) => (got = found))
  for (const [tries, wait] of [[1, 500], [2, 1_000], [3, 2_000]]) {
    await settled()
    assert.equal(loads, tries)
    await pass(wait - 1)
    assert.equal(loads, tries)
    assert.equal(got, null)
    await pass(1)
  }
  assert.equal(got, "the editor")
  await pass(60_000)
  assert.equal(loads, 4)
})

test("it waits for a browser that has something better to do", async () => {
  const waiting = []
  globalThis.requestIdleCallback = (work) => waiting.push(work)
  let loads = 0
  retryForever(async () => loads++)
  await pass(10_000)
  assert.equal(loads, 0)
  waiting.shift()()
  assert.equal(loads, 1)
})
