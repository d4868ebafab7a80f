// Base64 encoding of bytes for the wire, and decoding.

import assert from "node:assert/strict"
import { test } from "node:test"
import { decode, encode } from "../../static/js/collab/base64.js"

test("bytes come back as they were, at every length around a piece", () => {
  for (const length of [0, 1, 2, 3, 8_191, 8_192, 8_193, 48_000, 200_001]) {
    const bytes = Uint8Array.from({ length }, (_, i) => (i * 31 + (i >> 8)) % 256)
    assert.equal(encode(bytes), Buffer.from(bytes).toString("base64"))
    assert.deepEqual(decode(encode(bytes)), bytes)
  }
})

test("what is no base64 is said to be none", () => {
  assert.throws(() => decode("not base64!"))
})
