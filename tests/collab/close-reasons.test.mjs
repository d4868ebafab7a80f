// Which errors of the server close a text in this page, and the reason shown to the user.

import assert from "node:assert/strict"
import { test } from "node:test"
import { CLOSE_REASONS, LEFT, FATAL_ERRORS } from "../../static/js/collab/close-reasons.js"
import * as wire from "../../static/js/wire.js"

const passing = [wire.UNAVAILABLE, wire.RATE, wire.RESYNC, wire.NOT_JOINED, wire.LOGIN_REQUIRED]

test("a text that cannot be joined is said to be deleted, taken away, or of an older editor", () => {
  assert.deepEqual(CLOSE_REASONS, { not_found: "deleted", forbidden: "revoked", outdated: "outdated" })
})

test("words that the server refuses for good are offered for copying", () => {
  assert.deepEqual([...FATAL_ERRORS].sort(), ["forbidden", "invalid", "locked", "too_large"])
})

test("what passes ends nothing", () => {
  for (const error of passing) {
    assert.equal(CLOSE_REASONS[error], undefined)
    assert.ok(!FATAL_ERRORS.includes(error))
  }
})

test("a text that is merely left has no reason that the server could give", () => {
  assert.ok(!Object.values(wire).includes(LEFT))
})
