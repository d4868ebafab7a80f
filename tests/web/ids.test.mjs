// Ids generated in the browser.

import assert from "node:assert/strict"
import { test } from "node:test"
import { newId } from "../../static/js/ids.js"

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

test("a row's name is a random UUID of version 4, whatever bytes come", () => {
  const { getRandomValues } = crypto
  for (const byte of [0, 9, 127, 255]) {
    crypto.getRandomValues = (bytes) => bytes.fill(byte)
    assert.match(newId(), UUID)
  }
  assert.equal(newId(), "ffffffff-ffff-4fff-bfff-ffffffffffff")
  crypto.getRandomValues = getRandomValues
  for (let i = 0; i < 50; i++) assert.match(newId(), UUID)
})

test("no two rows have the same name", () => {
  assert.equal(new Set(Array.from({ length: 500 }, newId)).size, 500)
})
