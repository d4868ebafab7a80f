// The open documents of a page: each opened once, told of every event that is about it, and closed when nobody needs it.

import assert from "node:assert/strict"
import { beforeEach, test } from "node:test"
import { line } from "./line.mjs"
import { clearDisk } from "./disk.mjs"
import { decode, encode } from "../../static/js/collab/base64.js"
import { close, open } from "../../static/js/collab/document-registry.js"
import { hold } from "../../static/js/hold.js"
import { Y } from "../../static/vendor/klimawerk-editor.yjs-13.6.33.js"
import { elements } from "../browser.mjs"
import { pass, settled, stopClock } from "../clock.mjs"
import { documentOf, type, updateOf, wordsOf } from "./texts.mjs"

let server, name, number = 0

const asked = () => line.requests.map(({ event, payload }) => [event, payload.doc])
const left = () => line.emitted.filter(({ event }) => event === "doc:leave").map(({ payload }) => payload.doc)

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

async function opened() {
  const live = open(name)
  await serve()
  return live
}

function look(hidden) {
  document.hidden = hidden
  document.dispatchEvent(new Event("visibilitychange"))
}

const othersType = (words) => ({ doc: name, from: 1, seq: 2, u: [encode(updateOf(server, () => type(server, 0, words)))] })

beforeEach(async () => {
  if (name) { // documents of earlier tests are closed, so that they ask for nothing
    elements.clear()
    line.receive("doc:closed", { doc: name, reason: "deleted" })
    await settled()
  }
  stopClock()
  hold.open = true
  document.hidden = false
  name = `measure:${++number}`
  clearDisk()
  elements.clear()
  line.begin()
  line.requests = []
  server = documentOf("Bins:")
})

test("two texts of one document share it, and it is joined once", async () => {
  assert.equal(open(name), open(name))
  await settled()
  assert.deepEqual(asked(), [["doc:join", name]])
  assert.notEqual(open(`${name} other`), open(name))
})

test("without a connection it is joined as soon as there is one", async () => {
  line.setState("offline")
  const live = open(name)
  await settled()
  assert.deepEqual(asked(), [])
  line.setState("online")
  await serve()
  assert.equal(live.joined, true)
})

test("a connection that is lost suspends it: what is typed waits for the next one", async () => {
  const live = await opened()
  line.setState("offline")
  assert.equal(live.joined, false)
  type(live.replica, 0, " blue")
  await pass(1_000)
  assert.deepEqual(asked(), [])
  line.setState("online")
  await serve()
  assert.equal(wordsOf(server), "Bins: blue")
})

test("a page that is looked at again asks for what is missing; one that is hidden does not", async () => {
  await opened()
  look(true)
  await settled()
  assert.deepEqual(asked(), [])
  look(false)
  await settled()
  assert.deepEqual(asked(), [["doc:join", name]])
})

for (const [what, event] of [
  ["the server can store again", () => line.receive("storing", { able: true })],
  ["the user releases what was on hold", () => hold.release()],
]) {
  test(`once ${what}, what waits is sent at once`, async () => {
    const live = await opened()
    hold.open = false
    type(live.replica, 0, " blue")
    await pass(1_000)
    assert.deepEqual(asked(), [])
    hold.open = true
    event()
    await serve()
    assert.equal(wordsOf(server), "Bins: blue")
  })
}

test("a server that cannot store is not asked because it says so", async () => {
  const live = await opened()
  hold.open = false
  type(live.replica, 0, " blue")
  await pass(1_000)
  hold.open = true
  line.receive("storing", { able: false })
  await settled()
  assert.deepEqual(asked(), [])
})

test("what others type, who is there, and a lock reach the document they are about, and no other", async () => {
  const live = await opened()
  const other = open(`${name} other`)
  await serve()
  line.receive("doc:update", othersType(" blue"))
  line.receive("doc:people", { doc: name, people: [{ sid: "a", name: "Amina" }] })
  line.receive("doc:access", { doc: name, write: false, reason: "locked", by: "Jonas" })
  assert.deepEqual([wordsOf(live.replica), live.people.size, live.write, live.by], ["Bins: blue", 1, false, "Jonas"])
  assert.deepEqual([wordsOf(other.replica), other.people.size, other.write], ["Bins:", 0, true])
  line.receive("doc:closed", { doc: name, reason: "revoked" })
  assert.deepEqual([live.closed, other.closed], ["revoked", ""])
  line.receive("doc:closed", { doc: `${name} other`, reason: "deleted" })
})

test("events about documents that are not open here are passed over", () => {
  line.receive("doc:update", { ...othersType(" blue"), doc: "measure:0" })
  for (const event of ["doc:awareness", "doc:people", "doc:access", "doc:closed"]) line.receive(event, { doc: "measure:0", people: [] })
})

test("a document that no text of the page shows is left, and opened anew when one does", async () => {
  const live = await opened()
  close(name)
  assert.deepEqual([left(), live.closed], [[name], "left"])
  assert.notEqual(open(name), live)
  await serve()
  assert.equal(wordsOf(open(name).replica), "Bins:")
})

test("one that a text shows, or in which something waits, is kept", async () => {
  const live = await opened()
  elements.set(`kw-text[data-doc="${name}"]`, {})
  close(name)
  assert.deepEqual(left(), [])
  elements.clear()
  type(live.replica, 0, " blue")
  close(name)
  assert.deepEqual([left(), live.closed], [[], ""])
  await serve()
  close(name)
  assert.deepEqual(left(), [name])
  assert.equal(wordsOf(server), "Bins: blue")
})

test("closing what is not open does nothing", () => {
  close("measure:0")
  assert.deepEqual(line.emitted, [])
})
