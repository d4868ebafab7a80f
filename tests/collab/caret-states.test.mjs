// Carets of other users: sent rarely enough to be cheap, names never from the wire, none with the data saver.

import assert from "node:assert/strict"
import { afterEach, beforeEach, test } from "node:test"
import "../browser.mjs"
import { CaretStates } from "../../static/js/collab/caret-states.js"
import { decode, encode } from "../../static/js/collab/base64.js"
import { dataSaver } from "../../static/js/data-saver.js"
import { decoding, encoding, Y } from "../../static/vendor/klimawerk-editor.yjs-13.6.33.js"
import { pass, stopClock } from "../clock.mjs"
import { documentOf, TEXT } from "./texts.mjs"

let mine, theirs, sent, drawn

const position = (n) => Y.relativePositionToJSON(Y.createRelativePositionFromTypeIndex(documentOf("Bins").getXmlFragment(TEXT), n))
const CURSOR = JSON.parse(JSON.stringify({ anchor: position(0), head: position(1) }))

function wire(text) {
  const encoder = encoding.createEncoder()
  for (const number of [1, 42, 1]) encoding.writeVarUint(encoder, number)
  encoding.writeVarString(encoder, text)
  return encode(encoding.toUint8Array(encoder))
}

beforeEach(() => {
  stopClock()
  dataSaver.choose(false)
  sent = []
  drawn = 0
  mine = new CaretStates(42, (caret) => sent.push(caret))
  theirs = new CaretStates(43, () => {})
  theirs.on("change", () => drawn++)
})

afterEach(() => (mine.destroy(), theirs.destroy()))

test("a caret that moves is told at most every 120 ms, where it is then", async () => {
  mine.setLocalStateField("cursor", null)
  await pass(100)
  mine.setLocalStateField("cursor", CURSOR)
  assert.equal(sent.length, 0)
  await pass(20)
  assert.equal(sent.length, 1)
  await pass(1_000)
  assert.equal(sent.length, 1)
  theirs.receive("page-1", sent[0])
  assert.deepEqual(theirs.getStates().get("page-1").cursor, CURSOR)
})

test("told at once it is not told again a moment later", async () => {
  mine.setLocalStateField("cursor", CURSOR)
  mine.sendCaret()
  await pass(1_000)
  assert.equal(sent.length, 1)
})

test("who has left the text has no caret there any more", async () => {
  theirs.receive("page-1", wire(JSON.stringify({ cursor: CURSOR })))
  assert.equal(theirs.getStates().size, 1)
  mine.sendCaret() // without a caret
  theirs.receive("page-1", sent[0])
  assert.equal(theirs.getStates().size, 0)
})

test("a name from the wire is not shown: the server says who it is", () => {
  theirs.receive("page-1", wire(JSON.stringify({ cursor: CURSOR, user: { name: "The mayor", color: "#ff0000" } })))
  assert.deepEqual(theirs.getStates().get("page-1").user, { name: "", color: "#000000" })
})

test("nonsense counts as no caret and harms nobody", () => {
  const cases = ["", "not base64!", wire("{"), wire("{}"), wire('{"cursor":{}}'), wire('{"cursor":{"anchor":null,"head":null}}'), null, undefined]
  for (const text of cases) {
    theirs.receive("page-1", wire(JSON.stringify({ cursor: CURSOR })))
    theirs.receive("page-1", text)
    assert.equal(theirs.getStates().size, 0, `${text}`)
  }
})

test("a caret with one end that cannot be read is none", () => {
  for (const cursor of [{ ...CURSOR, head: null }, { ...CURSOR, anchor: null }]) {
    theirs.receive("page-1", wire(JSON.stringify({ cursor })))
    assert.equal(theirs.getStates().size, 0)
  }
})

test("carets of pages that are gone go, the others stay", () => {
  for (const sid of ["page-1", "page-2"]) theirs.receive(sid, wire(JSON.stringify({ cursor: CURSOR })))
  theirs.keepOnly(new Map([["page-2", {}]]))
  assert.deepEqual([...theirs.getStates().keys()], ["page-2"])
})

test("texts draw carets together, at most every 120 ms, until they stop listening", async () => {
  const listener = () => (drawn += 10)
  theirs.on("change", listener)
  for (let i = 0; i < 5; i++) theirs.receive(`page-${i}`, wire(JSON.stringify({ cursor: CURSOR })))
  assert.equal(drawn, 0)
  await pass(120)
  assert.equal(drawn, 11)
  theirs.off("change", listener)
  theirs.keepOnly(new Map())
  await pass(120)
  assert.equal(drawn, 12)
})

test("what the editor sets beside the caret stays here", () => {
  mine.setLocalStateField("user", { name: "Amina" })
  mine.setLocalStateField("cursor", CURSOR)
  assert.deepEqual(mine.getLocalState(), { user: { name: "Amina" }, cursor: CURSOR })
  mine.sendCaret()
  assert.ok(!atob(sent[0]).includes("Amina"))
})

test("there is a caret to tell where there is one, and none with the data saver", () => {
  assert.equal(mine.shown, false)
  mine.setLocalStateField("cursor", CURSOR)
  assert.equal(mine.shown, true)
  dataSaver.choose(true)
  assert.equal(mine.shown, false)
})

test("with the data saver the own caret is taken back, no other one is told or shown, and each is drawn away", async () => {
  theirs.receive("page-1", wire(JSON.stringify({ cursor: CURSOR })))
  await pass(200)
  drawn = 0
  dataSaver.choose(true)
  assert.deepEqual(sent, [null])
  assert.equal(theirs.getStates().size, 0)
  await pass(200)
  assert.equal(drawn, 1)
  theirs.receive("page-1", wire(JSON.stringify({ cursor: CURSOR })))
  mine.setLocalStateField("cursor", CURSOR)
  await pass(1_000)
  assert.deepEqual(sent, [null])
  assert.equal(theirs.getStates().size, 0)
  dataSaver.choose(false)
  assert.equal(sent.length, 2)
  theirs.receive("page-1", sent[1])
  assert.deepEqual(theirs.getStates().get("page-1").cursor, CURSOR)
})

test("a page that is hidden meanwhile tells nothing new", () => {
  document.dispatchEvent(new Event("visibilitychange"))
  assert.deepEqual(sent, [])
})

test("a caret that never rests is drawn all the same", async () => {
  for (let i = 0; i < 3; i++) {
    theirs.receive("page-1", wire(JSON.stringify({ cursor: CURSOR })))
    await pass(60)
  }
  assert.equal(drawn, 1)
})

test("each time it is told as one awareness state of this client, newer than the one before", () => {
  assert.equal(mine.clientID, 42)
  mine.sendCaret()
  mine.sendCaret()
  const heads = sent.map((text) => {
    const decoder = decoding.createDecoder(decode(text))
    return [1, 2, 3].map(() => decoding.readVarUint(decoder))
  })
  assert.deepEqual(heads, [[1, 42, 1], [1, 42, 2]])
})

test("after the end nothing is told, drawn, or taken back", async () => {
  mine.setLocalStateField("cursor", CURSOR)
  theirs.receive("page-1", wire(JSON.stringify({ cursor: CURSOR })))
  mine.destroy()
  theirs.destroy()
  await pass(1_000)
  assert.deepEqual([sent.length, drawn], [0, 0])
  theirs.receive("page-2", wire(JSON.stringify({ cursor: CURSOR })))
  dataSaver.choose(true)
  await pass(1_000)
  assert.deepEqual(sent, [])
  assert.equal(drawn, 0)
})
