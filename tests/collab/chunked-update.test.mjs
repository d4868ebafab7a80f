// Sending an update: whole if it is small, in numbered parts if it is larger than a message may be.

import assert from "node:assert/strict"
import { beforeEach, test } from "node:test"
import { line } from "./line.mjs"
import { decode } from "../../static/js/collab/base64.js"
import { sendUpdate } from "../../static/js/collab/chunked-update.js"
import { settled } from "../clock.mjs"

const LARGEST = 48_000

const bytes = (length) => Uint8Array.from({ length }, (_, i) => (i * 7) % 251)

/** Acknowledge what is under way with `answers`, one after the other; returns what was sent meanwhile. */
async function serve(...answers) {
  const payloads = []
  for (const answer of answers) {
    await settled()
    assert.equal(line.requests.length, 1) // never two at a time
    const { payload, answer: say } = line.requests.shift()
    payloads.push(payload)
    say(answer)
  }
  await settled()
  return payloads
}

beforeEach(() => line.begin())

test("a sentence travels in one message, and what the server says of it is heard", async () => {
  const said = sendUpdate("measure:7", bytes(40))
  const [only] = await serve({ ok: true, seq: 5 })
  assert.deepEqual(Object.keys(only), ["doc", "u"])
  assert.deepEqual([only.doc, decode(only.u)], ["measure:7", bytes(40)])
  assert.deepEqual(await said, { ok: true, seq: 5 })
})

test("what just fits travels whole, one byte more travels in two", async () => {
  sendUpdate("measure:7", bytes(LARGEST))
  assert.equal((await serve({ ok: true }))[0].of, undefined)
  assert.deepEqual(line.requests, [])
  sendUpdate("measure:7", bytes(LARGEST + 1))
  const parts = await serve({ ok: true }, { ok: true, seq: 6 })
  assert.deepEqual(parts.map(({ u }) => decode(u).length), [LARGEST, 1])
  assert.deepEqual(line.requests, [])
})

test("a large text arrives whole: its parts are numbered, bear one name, and each waits for the one before", async () => {
  const update = bytes(2.5 * LARGEST)
  const said = sendUpdate("measure:7", update)
  const parts = await serve({ ok: true }, { ok: true }, { ok: true, seq: 9 })
  assert.deepEqual(parts.map(({ doc, part, of }) => [doc, part, of]), [["measure:7", 0, 3], ["measure:7", 1, 3], ["measure:7", 2, 3]])
  assert.equal(new Set(parts.map(({ id }) => id)).size, 1)
  assert.deepEqual(Uint8Array.from(parts.flatMap(({ u }) => [...decode(u)])), update)
  assert.deepEqual(await said, { ok: true, seq: 9 })
})

test("two large texts, or those of two pages, are never put together", async () => {
  const names = []
  for (const page of ["page-1", "page-1", "page-2"]) {
    line.id = page
    sendUpdate("measure:7", bytes(LARGEST + 1))
    names.push((await serve({ ok: true }, { ok: true }))[0].id)
  }
  assert.equal(new Set(names).size, 3)
  assert.ok(names[0].startsWith("page-1-") && names[2].startsWith("page-2-"))
})

test("after a part that the server refuses no other follows, and its answer counts", async () => {
  const said = sendUpdate("measure:7", bytes(3 * LARGEST))
  await serve({ ok: true }, { ok: false, error: "too_large" })
  assert.deepEqual(line.requests, [])
  assert.deepEqual(await said, { ok: false, error: "too_large" })
})
