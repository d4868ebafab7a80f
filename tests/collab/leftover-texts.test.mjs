// Unsent text that closed pages have left: it is sent from a page that need not show the text.

import assert from "node:assert/strict"
import { beforeEach, test } from "node:test"
import { line } from "./line.mjs"
import { clearDisk, disk } from "./disk.mjs"
import { decode, encode } from "../../static/js/collab/base64.js"
import { sendText } from "../../static/js/collab/leftover-texts.js"
import { Y } from "../../static/vendor/klimawerk-editor.yjs-13.6.33.js"
import { elements } from "../browser.mjs"
import { pass, settled, stopClock } from "../clock.mjs"
import { copyOf, documentOf, TEXT, type, updateOf, wordsOf } from "./texts.mjs"

let server, name, number = 0

function leave(id, words, more = {}) {
  const there = copyOf(server)
  const update = updateOf(there, () => type(there, 0, words))
  const record = { id, page: "gone", kind: "text", doc: name, since: Date.now(), at: Date.now(), gen: "g7", update, fragments: [TEXT], words: [{ label: "Description", text: words }], stuck: "", ...more }
  disk.waiting.set(id, record)
  return record
}

/** Acknowledge every message until there are no more. */
async function serve() {
  for (await pass(50); line.requests.length; await pass(50)) {
    const { event, payload, answer } = line.requests.shift()
    if (event === "doc:join") {
      const [u, sv] = [Y.encodeStateAsUpdate(server, decode(payload.sv)), Y.encodeStateVector(server)].map(encode)
      answer({ ok: true, gen: "g7", u, sv, seq: 1, write: true, people: [], awareness: [] })
    } else {
      Y.applyUpdate(server, decode(payload.u))
      answer({ ok: true, seq: 2 })
    }
  }
}

const left = () => line.emitted.filter(({ event }) => event === "doc:leave").map(({ payload }) => payload.doc)

beforeEach(() => {
  stopClock()
  line.begin()
  clearDisk()
  elements.clear()
  name = `measure:${++number}`
  server = documentOf("Bins:")
})

test("they go to the server, are forgotten in this browser, and the text is let go two seconds later", async () => {
  const record = leave("r1", " Left.")
  sendText(name, [record])
  await serve()
  assert.equal(wordsOf(server), "Bins: Left.")
  assert.equal(disk.waiting.size, 0)
  await pass(1_800)
  assert.deepEqual(left(), [])
  await pass(200)
  assert.deepEqual(left(), [name])
})

test("a text that this page shows stays open", async () => {
  elements.set(`kw-text[data-doc="${name}"]`, {})
  sendText(name, [leave("r1", " Left.")])
  await serve()
  await pass(10_000)
  assert.equal(wordsOf(server), "Bins: Left.")
  assert.deepEqual(left(), [])
})

test("what another page was faster with, belongs to another text, or is no text, is left to others", async () => {
  const mine = leave("r1", " Mine.")
  const taken = leave("r2", " Taken.")
  disk.waiting.set("r2", { ...taken, page: "faster" })
  const elsewhere = leave("r3", " Elsewhere.", { doc: "measure:999" })
  const value = leave("r4", " Value.", { kind: "post" })
  sendText(name, [mine, taken, elsewhere, value])
  await serve()
  assert.equal(wordsOf(server), "Bins: Mine.")
  assert.deepEqual([...disk.waiting.keys()], ["r2", "r3", "r4"])
  assert.deepEqual(["r3", "r4"].map((id) => disk.waiting.get(id).page), ["gone", "gone"])
})

test("words from before a restore are kept for copying, and nothing of them is sent", async () => {
  disk.bases.set(name, { doc: name, gen: "g7", state: Y.encodeStateAsUpdate(server), write: true, reason: "", by: "" })
  sendText(name, [leave("r1", " Old.", { gen: "g6" })])
  await serve()
  assert.equal(wordsOf(server), "Bins:")
  assert.equal(disk.waiting.get("r1").stuck, "offer.restored")
  await settled()
})
