// The way of own updates to the server: soon, once, in order, and none lost.

import assert from "node:assert/strict"
import { beforeEach, mock, test } from "node:test"
import { line } from "./line.mjs"
import { decode } from "../../static/js/collab/base64.js"
import { Sender } from "../../static/js/collab/sender.js"
import { hold } from "../../static/js/hold.js"
import { saveStatus } from "../../static/js/save-status.js"
import { plans } from "../../static/js/store/store-access.js"
import { pendingChanges } from "../../static/js/store/pending-changes.js"
import { Y } from "../../static/vendor/klimawerk-editor.yjs-13.6.33.js"
import { elements } from "../browser.mjs"
import { pass, settled, stopClock } from "../clock.mjs"
import { add, copyOf, documentOf, readOf, REMOTE, TEXT, type, updateOf, wordsOf } from "./texts.mjs"

const OK = { ok: true, seq: 2 }
const LOST = { ok: false, error: "unavailable" }

let doc, server, sender, heard, maySend, dropped

const key = () => `text measure:7 ${doc.clientID}`
const plan = () => plans.get(key())
const write = (words, n = 0) => type(doc, n, words)
/** The text stored by the server. */
const onDisk = () => wordsOf(server)

/** The server stores the update under way and acknowledges it, unless the answer is another one or gets lost. */
async function serve(answer = OK, stored = answer.ok) {
  await settled()
  const { payload, answer: say } = line.requests.shift()
  if (stored) Y.applyUpdate(server, decode(payload.u))
  say(answer)
  await settled()
  return payload
}

function begin(...texts) {
  server = documentOf(...texts)
  doc = copyOf(server)
  heard = []
  sender = new Sender({
    name: "measure:7",
    replica: doc,
    maySend: () => maySend,
    answered: (answer) => heard.push(answer),
    onStored: (update) => heard.push(update),
  })
  doc.on("update", (update, origin, _doc, transaction) => origin !== REMOTE && sender.add(update, transaction))
}

beforeEach(() => {
  stopClock()
  line.begin()
  plans.clear()
  elements.clear()
  hold.open = true
  maySend = true
  dropped = []
  pendingChanges.drop = (...ids) => dropped.push(ids.join())
  mock.method(Math, "random", () => 1) // the delays are 500 ms, 1 s, 2 s ...
  begin("Bins:", "They are emptied.")
})

test("the first letter after a pause goes at once", async () => {
  write(" b")
  await pass(1)
  await serve()
  assert.equal(onDisk(), "Bins: b|They are emptied.")
  assert.ok(sender.empty && !sender.busy)
  assert.deepEqual(dropped, []) // the store is not asked to delete what no other page has left
})

test("letters that follow wait for each other twenty milliseconds, and go together", async () => {
  write(" b")
  await pass(1)
  await serve()
  write("l")
  await pass(10)
  write("u")
  await pass(9)
  assert.equal(line.requests.length, 0)
  await pass(1)
  assert.equal(line.requests.length, 1)
  await serve()
  assert.equal(onDisk(), "Bins: blu|They are emptied.")
})

test("a keystroke made while an update is under way leaves in the next batch, and not before the answer", async () => {
  write(" blue")
  await pass(1)
  write(" and")
  write(" green")
  await pass(5_000)
  assert.equal(line.requests.length, 1)
  await serve()
  assert.equal(onDisk(), "Bins: blue|They are emptied.")
  await pass(1)
  await serve()
  assert.equal(onDisk(), "Bins: blue and green|They are emptied.")
  assert.equal(line.requests.length, 0)
})

test("each answer is heard once, and each update that is on the disk is handed back", async () => {
  write(" blue")
  await pass(1)
  await serve()
  assert.equal(heard.length, 2)
  assert.equal(readOf(Y.encodeStateAsUpdate(copyOf(documentOf())), heard[0]), "") // it builds on what was there before
  assert.equal(heard[1], OK)
})

test("while the text is not joined or is closed, or its writer is still asked, nothing goes", async () => {
  maySend = false
  write(" blue")
  await pass(100)
  maySend = true
  hold.open = false
  sender.schedule()
  await pass(100)
  assert.equal(line.requests.length, 0)
  hold.open = true
  sender.schedule()
  await pass(20)
  await serve()
  assert.equal(onDisk(), "Bins: blue|They are emptied.")
})

test("words whose answer is lost stay, and are tried again later, each time more patiently", async () => {
  write(" blue")
  await pass(1)
  for (const patience of [500, 1_000, 2_000]) {
    await serve(LOST)
    assert.equal(heard.pop(), LOST)
    assert.ok(!sender.busy && !sender.empty)
    await pass(100)
    assert.equal(line.requests.length, 0) // it does nothing by itself
    sender.retryLater()
    await pass(patience - 1)
    assert.equal(line.requests.length, 0)
    await pass(1)
    assert.equal(line.requests.length, 1)
  }
  await serve()
  assert.equal(onDisk(), "Bins: blue|They are emptied.")
  write(" and green")
  await pass(20)
  await serve(LOST)
  sender.retryLater() // an acknowledgement resets the delay
  await pass(500)
  assert.equal(line.requests.length, 1)
})

test("whoever asks twice for another try gets one", async () => {
  write(" blue")
  await pass(1)
  await serve(LOST)
  sender.retryLater()
  sender.retryLater()
  await pass(999)
  assert.equal(line.requests.length, 0) // the longer one counts
  await pass(1)
  assert.equal(line.requests.length, 1)
  await serve()
  await pass(5_000)
  assert.equal(line.requests.length, 0)
})

test("a try that is made sooner takes the place of the one that was planned", async () => {
  write(" blue")
  await pass(1)
  await serve(LOST)
  sender.retryLater()
  sender.send()
  await serve(LOST)
  await pass(5_000)
  assert.equal(line.requests.length, 0)
})

test("nothing stands there twice when the answer is lost after the words have arrived", async () => {
  write(" blue")
  await pass(1)
  await serve(LOST, true)
  write(" and green")
  await pass(20)
  await serve()
  assert.equal(onDisk(), "Bins: blue and green|They are emptied.")
})

test("what the server has is not sent once more when the page joins again, and the rest is", async () => {
  write(" blue")
  await pass(1)
  await serve(LOST, true)
  maySend = false
  write(" and green")
  sender.dropStored(Y.encodeStateVector(server))
  maySend = true
  sender.send()
  const { u } = await serve()
  assert.equal(onDisk(), "Bins: blue and green|They are emptied.")
  const from = Y.decodeUpdate(decode(u)).structs[0].id.clock
  assert.equal(from, " blue".length)
})

test("a server that has forgotten more gets everything it lacks, where something waits", async () => {
  add(doc, "A third.")
  await pass(1)
  await serve(OK, false) // acknowledged, and lost afterwards
  sender.widen(Y.encodeStateVector(server))
  await pass(100)
  assert.ok(sender.empty) // what does not wait is not sent again
  assert.equal(line.requests.length, 0)
  write(" blue")
  sender.widen(Y.encodeStateVector(server))
  await pass(20)
  await serve()
  assert.equal(onDisk(), "Bins: blue|They are emptied.|A third.")
})

test("once the connection is gone the old answer says nothing any more, and the words go again", async () => {
  write(" blue")
  await pass(1)
  sender.giveBack()
  assert.ok(!sender.busy && !sender.empty)
  await serve(OK, true)
  assert.deepEqual(heard, [])
  assert.ok(!sender.empty)
  sender.send()
  await serve()
  assert.equal(onDisk(), "Bins: blue|They are emptied.")
  assert.equal(heard.length, 2)
})

test("an answer of the old connection does not acknowledge what the new one carries", async () => {
  write(" blue")
  await pass(1)
  const [old] = line.requests.splice(0)
  sender.giveBack()
  sender.send()
  await settled()
  old.answer(LOST)
  await settled()
  assert.ok(sender.busy)
  assert.deepEqual(heard, [])
  await serve()
  assert.equal(onDisk(), "Bins: blue|They are emptied.")
})

test("another try that was planned is not made once the connection is gone", async () => {
  write(" blue")
  await pass(1)
  await serve(LOST)
  sender.retryLater()
  sender.giveBack()
  await pass(5_000)
  assert.equal(line.requests.length, 0)
})

test("what waits behind an update does not hurry while the connection is gone", async () => {
  write(" blue")
  await pass(1)
  write(" and green")
  line.setState("offline")
  await pass(100)
  await serve()
  await pass(5_000)
  assert.equal(line.requests.length, 0)
  line.setState("online")
  sender.send()
  await serve()
  assert.equal(onDisk(), "Bins: blue and green|They are emptied.")
})

test("a text counts as waiting from the first letter until all of it is on the disk", async () => {
  assert.equal(saveStatus.count, 0)
  write(" blue")
  assert.equal(saveStatus.count, 1)
  await pass(1)
  write(" and green")
  await serve()
  assert.equal(saveStatus.count, 1)
  await pass(20)
  await serve()
  assert.equal(saveStatus.count, 0)
})

test("each text is told of by itself: one is saved while another waits", async () => {
  write(" blue")
  await pass(1)
  doc.getXmlFragment("obstacles.en").insert(0, [new Y.XmlElement("paragraph")])
  assert.equal(saveStatus.count, 2)
  await serve()
  assert.equal(saveStatus.count, 1)
  await pass(20)
  await serve()
  assert.equal(saveStatus.count, 0)
})

test("what waits is kept in this browser as it is now, with the words to read, until it has arrived", async () => {
  elements.set('[data-topic="measure:7"]', { dataset: { rev: "12" } })
  elements.set(`kw-text[data-doc="measure:7"][data-fragment="${TEXT}"]`, { dataset: { label: "Description" }, querySelector: () => null, append() {} })
  sender.gen = "g7"
  write(" blue")
  assert.equal(plan().mayDelay, true)
  await pass(1)
  write(" and green")
  const { update, ...rest } = plan().make()
  const expected = { kind: "text", doc: "measure:7", rev: 12, gen: "g7", fragments: [TEXT], words: [{ label: "Description", text: "Bins: blue and green" }] }
  assert.deepEqual(rest, expected)
  assert.equal(readOf(Y.encodeStateAsUpdate(server), update), "Bins: blue and green|They are emptied.")
  await serve()
  assert.ok(plan().make)
  await pass(20)
  await serve()
  assert.equal(plan()?.make ?? null, null)
})

test("what was only deleted is kept too, with no words to read", () => {
  doc.getXmlFragment(TEXT).get(0).get(0).delete(0, 4)
  assert.deepEqual(plan().make().words, [{ label: TEXT, text: "" }])
  assert.equal(plan().make().rev, 0)
})

test("a plan made for words that have arrived meanwhile keeps nothing", async () => {
  write(" blue")
  const { make } = plan()
  await pass(1)
  await serve()
  assert.equal(make(), null)
})

test("given up, the words are offered for copying, kept with the reason, and nothing of them goes any more", async () => {
  write(" blue")
  await pass(1)
  const [underWay] = line.requests.splice(0)
  write(" and green")
  const offers = sender.giveUp("locked")
  const kept = `refused ${key()} ${TEXT}`
  assert.deepEqual(offers, [{ fragment: TEXT, text: "Bins: blue and green", key: kept }])
  assert.deepEqual(plans.get(kept).make(), { kind: "text", doc: "measure:7", words: [{ label: TEXT, text: "Bins: blue and green" }], stuck: "offer.locked" })
  assert.equal(plans.get(kept).mayDelay, false)
  assert.equal(plan()?.make ?? null, null)
  assert.equal(saveStatus.count, 0)
  assert.ok(sender.empty && !sender.busy)
  underWay.answer(OK)
  sender.send()
  await pass(5_000)
  assert.equal(line.requests.length, 0)
  assert.deepEqual(heard, [])
})

test("where nothing waits there is nothing to give up", () => {
  assert.deepEqual(sender.giveUp("locked"), [])
})

/** Unsent text of another page of this user: {record, there}, and the text as that page had it. */
function leftBehind(id = "r1", words = " Left.") {
  const there = copyOf(server)
  const update = updateOf(there, () => type(there, 0, words))
  return { id, update, fragments: [TEXT], words: [{ label: "Description", text: `Bins:${words}` }] }
}

test("words of a page that is gone go from here, and are forgotten when they have arrived, not before", async () => {
  const record = leftBehind()
  Y.applyUpdate(doc, record.update, REMOTE)
  sender.adopt(record)
  assert.equal(saveStatus.count, 1)
  await pass(1)
  write(" And mine.")
  await serve()
  assert.deepEqual(dropped, []) // own text waits behind it
  await pass(20)
  await serve()
  assert.deepEqual(dropped, ["r1"])
  assert.equal(onDisk(), "Bins: Left. And mine.|They are emptied.")
  write("!")
  await pass(20)
  await serve()
  assert.deepEqual(dropped, ["r1"]) // once
})

test("words of a page that is gone are given back with their label where the text they stood in is not here", () => {
  begin() // nothing was loaded here
  const theirs = documentOf("Bins: Left.")
  const record = { id: "r1", update: Y.encodeStateAsUpdate(theirs), fragments: [TEXT, "obstacles.en"], words: [{ label: "Description", text: "Bins: Left." }, { label: "Obstacles", text: "" }] }
  sender.adopt(record)
  const offers = sender.giveUp("restored")
  assert.deepEqual(offers.map(({ fragment, text }) => [fragment, text]), [[TEXT, "Bins: Left."]])
  assert.deepEqual(dropped, ["r1"])
  const labels = []
  sender.adopt({ ...record, id: "r2" })
  for (const offer of sender.forCopying([{ fragment: TEXT, text: "x" }], "swept")) labels.push(plans.get(offer.key).make().words[0].label)
  assert.deepEqual(labels, ["Description"])
})

test("words of a page that is gone are given back once where they can be read here", () => {
  const record = leftBehind()
  Y.applyUpdate(doc, record.update, REMOTE)
  sender.adopt(record)
  assert.deepEqual(sender.giveUp("locked").map(({ text }) => text), ["Bins: Left."])
})
