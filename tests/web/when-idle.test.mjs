// Deferred work runs in every browser, with and without requestIdleCallback.

import assert from "node:assert/strict"
import { test } from "node:test"
import "../browser.mjs"
import { whenIdle } from "../../static/js/when-idle.js"
import { pass, stopClock } from "../clock.mjs"

test("where the browser knows when it has time it says when, after three seconds at the latest", () => {
  const asked = []
  globalThis.requestIdleCallback = (work, options) => asked.push({ work, options })
  const work = () => {}
  whenIdle(work)
  assert.deepEqual(asked, [{ work, options: { timeout: 3_000 } }])
})

test("a browser that does not know it does it after half a second", async () => {
  stopClock()
  delete globalThis.requestIdleCallback
  let ran = 0
  whenIdle(() => ran++)
  await pass(499)
  assert.equal(ran, 0)
  await pass(1)
  assert.equal(ran, 1)
})
