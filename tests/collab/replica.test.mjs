// One document in one page: own updates are sent, others' are applied, and the stored state is there at once.

import assert from "node:assert/strict"
import { afterEach, beforeEach, test } from "node:test"
import { line } from "./line.mjs"
import { clearDisk, disk } from "./disk.mjs"
import { decode } from "../../static/js/collab/base64.js"
import { Replica, TEXT_REMOVED } from "../../static/js/collab/replica.js"
import { hold } from "../../static/js/hold.js"
import { plans } from "../../static/js/store/store-access.js"
import { Y } from "../../static/vendor/klimawerk-editor.yjs-13.6.33.js"
import { pass, settled, stopClock } from "../clock.mjs"
import { add, copyOf, documentOf, readOf, remove, TEXT, type, updateOf, wordsOf } from "./texts.mjs"

const MAY = { gen: "g7", write: true, reason: "", by: "" }

let server, replica, told, opened

const all = (doc) => Y.encodeStateAsUpdate(doc)

function open() {
  const one = new Replica("measure:7", {
    maySend: () => true,
    answered: () => {},
    onStored: () => told.push("taken"),
    sendCaret: (caret) => told.push(["caret", caret]),
    removed: (offers) => told.push(...(offers.length ? offers.map(({ text }) => text) : ["nothing"])),
  })
  opened.push(one)
  return one
}

async function serve() {
  await pass(30)
  const { payload, answer } = line.requests.shift()
  Y.applyUpdate(server, decode(payload.u))
  answer({ ok: true, seq: 2 })
  await settled()
}

beforeEach(() => {
  stopClock()
  line.begin()
  clearDisk()
  plans.clear()
  hold.open = true
  told = []
  opened = []
  server = documentOf("Bins:", "They are emptied.")
  replica = open()
  replica.catchUp(MAY, all(server))
})

afterEach(() => opened.forEach((one) => one.end({ forget: false })))

test("what I write goes out, what others write comes in and does not go out again", async () => {
  replica.apply([updateOf(server, () => add(server, "At noon."))])
  await pass(100)
  assert.equal(line.requests.length, 0)
  type(replica.doc, 0, " blue")
  await serve()
  assert.deepEqual(told, ["taken"])
  for (const doc of [replica.doc, server]) assert.equal(wordsOf(doc), "Bins: blue|They are emptied.|At noon.")
})

test("the text's identity is known from the server's answer on", () => {
  assert.equal(open().gen, null)
  assert.equal(replica.gen, "g7")
})

test("a paragraph with my words that others take away is offered and kept for copying, with the reason", async () => {
  type(replica.doc, 1, " Daily.")
  await serve()
  told = []
  replica.apply([updateOf(server, () => remove(server, 1))])
  assert.deepEqual(told, ["They are emptied. Daily."])
  const kept = plans.get(`refused text measure:7 ${replica.doc.clientID} ${TEXT}`).make()
  assert.deepEqual([kept.stuck, kept.words[0].text], [`offer.${TEXT_REMOVED}`, "They are emptied. Daily."])
  replica.apply([updateOf(server, () => remove(server, 0))])
  assert.equal(told.length, 1) // none of my text was there
})

test("words that still wait are offered as well when their paragraph is taken away, however old they are", async () => {
  replica.doc.transact(() => type(replica.doc, 1, " Daily."))
  const [mine] = [all(replica.doc)]
  Y.applyUpdate(server, mine)
  await pass(120_000)
  type(replica.doc, 0, " blue")
  replica.apply([updateOf(server, () => remove(server, 1))])
  assert.deepEqual(told, ["They are emptied. Daily."])
})

test("what the server has is kept after a second, and the next page begins with it and with the rights of then", async () => {
  await pass(999)
  assert.equal(disk.bases.size, 0)
  await pass(1)
  assert.equal(readOf(disk.bases.get("measure:7").state), "Bins:|They are emptied.")
  const next = open()
  assert.deepEqual(await next.load(), { write: true, reason: "", by: "" })
  assert.equal(wordsOf(next.doc), "Bins:|They are emptied.")
  assert.equal(next.gen, "g7")
  await pass(100)
  assert.equal(line.requests.length, 0)
})

test("others' words are kept before they are shown, own words once the server has them", async () => {
  await pass(1_000)
  const theirs = updateOf(server, () => add(server, "At noon."))
  replica.store([theirs]) // during a composition: it is not applied yet
  type(replica.doc, 0, " blue")
  await pass(10_000)
  assert.equal(readOf(disk.bases.get("measure:7").state), "Bins:|They are emptied.|At noon.")
  await serve()
  await pass(10_000)
  assert.equal(readOf(disk.bases.get("measure:7").state), "Bins: blue|They are emptied.|At noon.")
})

test("a browser that has kept nothing, or keeps nothing, has nothing to begin with", async () => {
  assert.equal(await open().load(), null)
  const { open: opens } = indexedDB
  indexedDB.open = () => {
    throw new Error("not allowed")
  }
  assert.equal(await open().load(), null)
  indexedDB.open = opens
})

/** Unsent text of this document that a closed page has left in this browser. */
function leave({ id = "r1", gen = "g7", since = Date.now(), words = " Left." } = {}) {
  const there = copyOf(server)
  const update = updateOf(there, () => type(there, 0, words))
  const record = { id, page: "gone", kind: "text", doc: "measure:7", since, at: 0, gen, update, fragments: [TEXT], words: [{ label: "Description", text: `Bins:${words}` }], stuck: "" }
  disk.waiting.set(id, record)
  return record
}

test("words that a page has left are there again, go to the server, and are forgotten then", async () => {
  await pass(1_000)
  leave()
  const next = open()
  await next.load()
  assert.equal(wordsOf(next.doc), "Bins: Left.|They are emptied.")
  assert.equal(disk.waiting.size, 1)
  await serve()
  assert.equal(wordsOf(server), "Bins: Left.|They are emptied.")
  assert.equal(disk.waiting.size, 0)
})

test("they are there also where the text itself was not kept, and say which text they belong to", async () => {
  leave()
  const next = open()
  assert.equal(await next.load(), null)
  assert.equal(next.gen, "g7")
  next.catchUp(MAY, all(server))
  assert.equal(wordsOf(next.doc), "Bins: Left.|They are emptied.")
})

test("two pages' words go both", async () => {
  leave()
  leave({ id: "r2", words: " Too." })
  replica.adopt([...disk.waiting.values()])
  assert.match(wordsOf(replica.doc), /Left\./)
  assert.match(wordsOf(replica.doc), /Too\./)
  await serve()
  assert.equal(disk.waiting.size, 0)
})

test("words from before the server was restored are kept for copying and never merged", async () => {
  leave({ gen: "g6" })
  await pass(1_000)
  const next = open()
  await next.load()
  await pass(100)
  assert.equal(wordsOf(next.doc), "Bins:|They are emptied.")
  const { stuck, words, update } = disk.waiting.get("r1")
  assert.deepEqual([stuck, words[0].text, update], ["offer.restored", "Bins: Left.", null])
  assert.equal(line.requests.length, 0)
})

test("where the text is closed for good they are kept for copying with that reason", async () => {
  const record = leave()
  replica.adopt([record], "deleted")
  await settled()
  assert.equal(disk.waiting.get("r1").stuck, "offer.deleted")
  assert.equal(wordsOf(replica.doc), "Bins:|They are emptied.")
})

test("words that have waited for more than a day go when their writer has been asked, not before", async () => {
  await pass(1_000)
  leave({ since: Date.now() - hold.DAY - 1 })
  const next = open()
  await next.load()
  assert.equal(hold.open, false)
  await pass(100)
  assert.equal(line.requests.length, 0)
  hold.release()
  next.sender.send()
  await serve()
  assert.equal(wordsOf(server), "Bins: Left.|They are emptied.")
})

test("a text that was let go keeps what it has, one that is worth nothing any more is forgotten", async () => {
  await pass(1_000)
  replica.end({ forget: false })
  await settled()
  assert.ok(disk.bases.has("measure:7"))
  const again = open()
  await again.load()
  again.end({ forget: true })
  await settled()
  assert.ok(!disk.bases.has("measure:7"))
  again.store([all(server)])
  await pass(60_000)
  assert.ok(!disk.bases.has("measure:7"))
})

test("a caret of mine is told, and none after the end", async () => {
  replica.carets.setLocalStateField("cursor", { anchor: null, head: null })
  await pass(200)
  assert.equal(told[0][0], "caret")
  replica.carets.setLocalStateField("cursor", null)
  replica.end({ forget: false })
  await pass(1_000)
  assert.equal(told.length, 1)
})
