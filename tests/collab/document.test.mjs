// One live document: it joins, sends what is typed here, shows what others type, and loses nothing when it cannot.

import assert from "node:assert/strict"
import { beforeEach, mock, test } from "node:test"
import { line } from "./line.mjs"
import { clearDisk, disk } from "./disk.mjs"
import { decode, encode } from "../../static/js/collab/base64.js"
import { LiveDocument } from "../../static/js/collab/document.js"
import { LEFT } from "../../static/js/collab/close-reasons.js"
import { hold } from "../../static/js/hold.js"
import { device } from "../../static/js/store/device.js"
import { plans } from "../../static/js/store/store-access.js"
import { Y } from "../../static/vendor/klimawerk-editor.yjs-13.6.33.js"
import { pass, settled, stopClock } from "../clock.mjs"
import { add, documentOf, readOf, TEXT, type, updateOf, wordsOf } from "./texts.mjs"

const EVENTS = ["ready", "joined", "taken", "replaced", "access", "people", "closed"]

let server, seq, document, events, offers

function open() {
  document = new LiveDocument("measure:7")
  events = []
  offers = []
  for (const event of EVENTS) document.addEventListener(event, () => events.push(event))
  document.addEventListener("refused", ({ detail }) => offers.push([detail.error, ...detail.offers.map(({ text }) => text)]))
  return document
}

/** The message that waits for its acknowledgement. AssertionError if it is another event. */
async function next(event) {
  await pass(30)
  assert.equal(line.requests[0]?.event, event)
  return line.requests.shift()
}

/** The server's acknowledgement of a join. `from`: the state vector that the page sent with it. */
function joinAnswer({ sv: from }, more = {}) {
  const [u, sv] = [Y.encodeStateAsUpdate(server, decode(from)), Y.encodeStateVector(server)].map(encode)
  return { ok: true, gen: "g7", u, sv, seq, write: true, people: [], awareness: [], ...more }
}

async function serveJoin(more) {
  const { payload, answer } = await next("doc:join")
  answer(joinAnswer(payload, more))
  await settled()
  return payload
}

async function refuse(event, error) {
  const { answer } = await next(event)
  answer({ ok: false, error })
  await settled()
}

/** The server stores the update under way. */
async function serveUpdate(more = {}) {
  const { payload, answer } = await next("doc:update")
  Y.applyUpdate(server, decode(payload.u))
  answer({ ok: true, seq: ++seq, ...more })
  await settled()
}

async function joined(more) {
  document.join()
  await serveJoin(more)
  events = []
}

/** Somebody else types: the server stores it, and this page receives it unless it is lost on the way. */
function othersType(words, arrives = true) {
  const u = [encode(updateOf(server, () => type(server, 0, words)))]
  const frame = { from: seq, seq: ++seq, u }
  if (arrives) document.receive(frame)
  return frame
}

const write = (words) => type(document.replica, 0, words)
const shown = () => wordsOf(document.replica)

beforeEach(() => {
  stopClock()
  line.begin()
  clearDisk()
  plans.clear()
  hold.open = true
  device.shared = false
  mock.method(Math, "random", () => 1) // the delays of retries are 500 ms, 1 s, 2 s ...
  server = documentOf("Bins:")
  seq = 4
  open()
})

test("a joined text shows what the server has, who is there, and whether the user may write", async () => {
  const people = [{ sid: "a", name: "Amina" }]
  await joined({ people, write: false, reason: "locked", by: "Jonas" })
  assert.equal(shown(), "Bins:")
  assert.deepEqual([...document.people.values()], people)
  assert.deepEqual([document.ready, document.joined, document.write, document.reason, document.by], [true, true, false, "locked", "Jonas"])
})

test("without a connection nothing is asked, and the text from this browser's store is there to be read", async () => {
  disk.bases.set("measure:7", { doc: "measure:7", gen: "g7", state: Y.encodeStateAsUpdate(server), write: true, reason: "", by: "" })
  line.setState("offline")
  open().join()
  await settled()
  assert.deepEqual([shown(), document.ready, document.joined, document.write], ["Bins:", true, false, true])
  assert.deepEqual(events, ["ready"])
  assert.deepEqual(line.requests, [])
})

test("a text that this browser has stored is asked only for the rest", async () => {
  disk.bases.set("measure:7", { doc: "measure:7", gen: "g7", state: Y.encodeStateAsUpdate(server), write: true, reason: "", by: "" })
  type(server, 0, " blue")
  open().join()
  const payload = await serveJoin()
  assert.equal(Y.decodeStateVector(decode(payload.sv)).size, 1)
  assert.equal(payload.gen, "g7")
  assert.equal(shown(), "Bins: blue")
})

test("what is typed goes to the server, and it is said when the server has it", async () => {
  await joined()
  write(" blue")
  assert.equal(document.settled, false)
  await serveUpdate()
  assert.equal(wordsOf(server), "Bins: blue")
  assert.equal(document.settled, true)
  assert.deepEqual(events, ["taken"])
})

test("what is typed before the join or while offline is sent after the join, before anything is asked again", async () => {
  await joined()
  line.setState("offline")
  document.suspend()
  write(" blue")
  await pass(5_000)
  assert.deepEqual(line.requests, [])
  othersType(" (others)", false)
  line.setState("online")
  document.join()
  await serveJoin()
  await serveUpdate()
  assert.equal(shown(), wordsOf(server))
  assert.match(shown(), / blue/)
  assert.match(shown(), / \(others\)/)
})

test("what the server has, though its acknowledgement was lost, is not sent twice; a new acknowledgement is asked for", async () => {
  await joined()
  write(" blue")
  const { payload } = await next("doc:update")
  Y.applyUpdate(server, decode(payload.u))
  document.suspend()
  document.join()
  await serveJoin()
  await pass(30)
  assert.deepEqual(decode(line.requests[0].payload.u), new Uint8Array([0, 0])) // an empty update
  await serveUpdate()
  assert.equal(document.settled, true)
})

test("what others type is shown, and it is said before", async () => {
  await joined()
  let before = ""
  document.addEventListener("incoming", () => (before = shown()))
  othersType(" blue")
  assert.deepEqual([before, shown()], ["Bins:", "Bins: blue"])
  await pass(5_000)
  assert.deepEqual(line.requests, []) // it does not go back
})

test("a missing update of others is asked for after two seconds; one that is only late is not", async () => {
  await joined()
  const late = othersType(" blue", false)
  othersType(" and")
  await pass(1_900)
  document.receive(late)
  await pass(5_000)
  assert.equal(shown(), "Bins: blue and")
  assert.deepEqual(line.requests, [])
  othersType(" green", false)
  othersType(" grey")
  await pass(2_000)
  await serveJoin()
  assert.equal(shown(), "Bins: blue and green grey")
})

test("while a keyboard composes a word, updates of others are stored and wait", async () => {
  await joined()
  document.composing.begin(() => {})
  othersType(" blue")
  await pass(1_000)
  assert.equal(shown(), "Bins:")
  assert.equal(readOf(disk.bases.get("measure:7").state), "Bins: blue")
  document.composing.end()
  await pass(1_000)
  assert.equal(shown(), "Bins: blue")
})

test("the word itself is sent when it is composed, and not letter by letter", async () => {
  await joined()
  document.composing.begin(() => {})
  write(" blue")
  await pass(500)
  assert.deepEqual(line.requests, [])
  document.composing.end()
  await pass(100)
  await serveUpdate()
  assert.equal(wordsOf(server), "Bins: blue")
})

test("an update that waits for a composition is not applied to the text of a restored version", async () => {
  await joined()
  document.composing.begin(() => {})
  othersType(" blue")
  server = documentOf("Bins of last week.")
  document.close("restored")
  await serveJoin({ gen: "g8" })
  document.composing.end()
  await pass(1_000)
  assert.equal(shown(), "Bins of last week.")
  assert.equal(document.replica.store.pendingStructs, null)
})

test("own updates are no gap in what others send", async () => {
  await joined()
  write(" blue")
  await serveUpdate()
  othersType(" (others)")
  await pass(5_000)
  assert.deepEqual(line.requests, [])
})

test("joining twice at the same time asks once", async () => {
  document.join()
  document.join()
  await serveJoin()
  await pass(1_000)
  assert.deepEqual(line.requests, [])
})

test("an answer to a connection that is gone counts for nothing: the new one joins itself", async () => {
  document.join()
  const { payload, answer } = await next("doc:join")
  line.id = "page-2"
  answer(joinAnswer(payload))
  await settled()
  assert.equal(document.joined, false)
  await serveJoin()
  assert.equal(document.joined, true)
})

test("a server that cannot answer is asked again, each time later; a joined text begins anew with that", async () => {
  document.join()
  for (const delay of [500, 1_000, 2_000]) {
    await refuse("doc:join", "unavailable")
    await pass(delay - 100)
    assert.deepEqual(line.requests, [])
    await pass(100)
  }
  await serveJoin()
  document.join()
  await refuse("doc:join", "unavailable")
  await pass(470)
  assert.equal((await next("doc:join")).event, "doc:join")
})

test("a page whose login has ended does not ask again by itself", async () => {
  document.join()
  await refuse("doc:join", "login_required")
  await pass(60_000)
  assert.deepEqual(line.requests, [])
  assert.equal(document.closed, "")
})

for (const [error, reason] of [["not_found", "deleted"], ["forbidden", "revoked"], ["outdated", "outdated"]]) {
  test(`a join refused with ${error} closes the text as ${reason}, and it is not asked again`, async () => {
    document.join()
    await refuse("doc:join", error)
    assert.deepEqual([document.closed, events], [reason, ["closed"]])
    document.join()
    await pass(60_000)
    assert.deepEqual(line.requests, [])
  })
}

test("what was typed in a text that is deleted meanwhile is offered for copying, and nothing of it stays stored", async () => {
  await joined()
  await pass(1_000)
  assert.equal(disk.bases.size, 1)
  write(" blue")
  document.close("deleted")
  await settled()
  assert.deepEqual(offers, [["deleted", "Bins: blue"]])
  assert.deepEqual([document.closed, document.joined, disk.bases.size], ["deleted", false, 0])
})

test("an outdated page keeps what was typed in the store and sends it once it is loaded again", async () => {
  await joined()
  write(" blue")
  document.close("outdated")
  assert.deepEqual([offers, document.settled], [[], false])
})

test("on a shared computer nothing is stored, so an outdated page offers the text for copying", async () => {
  device.shared = true
  await joined()
  write(" blue")
  document.close("outdated")
  assert.deepEqual(offers, [["outdated", "Bins: blue"]])
})

test("a text that no part of the page shows any more stays in the store, for reading", async () => {
  await joined()
  await pass(1_000)
  document.close(LEFT)
  await settled()
  assert.deepEqual([document.closed, offers, disk.bases.size], ["left", [], 1])
})

test("a text restored to an older version is replaced, and what was not sent is offered", async () => {
  await joined()
  line.setState("offline")
  document.suspend()
  write(" blue")
  line.setState("online")
  server = documentOf("Bins of last week.")
  document.join()
  await serveJoin({ gen: "g8" })
  const payload = await serveJoin({ gen: "g8" })
  assert.equal(Y.decodeStateVector(decode(payload.sv)).size, 0) // all of it is asked for
  assert.equal(shown(), "Bins of last week.")
  assert.deepEqual(offers, [["restored", "Bins: blue"]])
  assert.deepEqual(events, ["replaced", "people", "joined"])
  await pass(1_000)
  assert.deepEqual(line.requests, [])
})

test("the same when the server says so while the text is open", async () => {
  await joined()
  let ready = null
  document.addEventListener("replaced", () => (ready = document.ready))
  write(" blue")
  server = documentOf("Bins of last week.")
  document.close("restored")
  await serveJoin({ gen: "g8" })
  assert.deepEqual([shown(), document.closed, document.joined], ["Bins of last week.", "", true])
  assert.equal(ready, false) // until it is joined, the empty replica is not shown as the text
  assert.deepEqual(offers, [["restored", "Bins: blue"]])
})

test("a lock leaves a text as it is while nothing waits", async () => {
  await joined()
  document.setAccess({ write: false, reason: "locked", by: "Jonas" })
  assert.deepEqual([document.write, document.reason, document.by, events, offers], [false, "locked", "Jonas", ["access"], []])
  document.setAccess({ write: true })
  assert.deepEqual([document.write, document.reason, document.by], [true, "", ""])
})

test("what a lock keeps from the server is offered, and the text is shown as the server has it", async () => {
  await joined()
  write(" blue")
  document.setAccess({ write: false, reason: "locked" })
  await serveJoin({ write: false, reason: "locked" })
  assert.deepEqual(offers, [["locked", "Bins: blue"]])
  assert.equal(shown(), "Bins:")
})

test("what was typed offline in a text that was locked meanwhile is offered at the join", async () => {
  await joined()
  document.suspend()
  write(" blue")
  document.join()
  await serveJoin({ write: false, reason: "locked" })
  assert.deepEqual(offers, [["locked", "Bins: blue"]])
  await serveJoin({ write: false, reason: "locked" })
  assert.equal(shown(), "Bins:")
})

test("what was under way when the lock came is saved; only what waited behind it is offered", async () => {
  await joined()
  write(" blue")
  await pass(30)
  write(" and")
  document.setAccess({ write: false, reason: "locked" })
  assert.deepEqual(offers, [])
  await serveUpdate()
  await serveJoin({ write: false })
  assert.equal(wordsOf(server), "Bins: blue")
  assert.equal(shown(), "Bins: blue")
  assert.equal(offers.length, 1)
  assert.equal(offers[0][0], "locked")
  assert.match(offers[0][1], / and/)
})

for (const error of ["locked", "forbidden", "invalid", "too_large"]) {
  test(`an update refused as ${error} is offered for copying, and the text goes on without it`, async () => {
    await joined()
    write(" blue")
    await refuse("doc:update", error)
    assert.deepEqual(offers, [[error, "Bins: blue"]])
    await serveJoin()
    assert.equal(shown(), "Bins:")
    write(" green")
    await serveUpdate()
    assert.equal(wordsOf(server), "Bins: green")
  })
}

test("an update for a text that is gone closes it", async () => {
  await joined()
  write(" blue")
  await refuse("doc:update", "not_found")
  assert.deepEqual([document.closed, offers], ["deleted", [["deleted", "Bins: blue"]]])
})

test("a server that has forgotten the page is joined again, and the update sent again", async () => {
  await joined()
  write(" blue")
  await refuse("doc:update", "not_joined")
  await pass(500)
  await serveJoin()
  await serveUpdate()
  assert.equal(wordsOf(server), "Bins: blue")
})

test("a server that lacks more than the last update gets all that it lacks", async () => {
  await joined()
  write(" blue")
  const { answer } = await next("doc:update")
  answer({ ok: true, seq: ++seq }) // acknowledged, and lost with the server's disk
  await settled()
  write(" and")
  await refuse("doc:update", "resync")
  await pass(500)
  await serveJoin()
  await serveUpdate()
  assert.equal(wordsOf(server), "Bins: blue and")
})

test("an update that found no server is sent again, and not joined anew", async () => {
  await joined()
  write(" blue")
  await refuse("doc:update", "rate")
  await pass(500)
  await serveUpdate()
  assert.equal(wordsOf(server), "Bins: blue")
})

test("after more than a day offline nothing goes until the user releases it", async () => {
  hold.open = false
  await joined()
  write(" blue")
  await pass(5_000)
  assert.deepEqual(line.requests, [])
  hold.open = true
  document.flush()
  await serveUpdate()
  assert.equal(wordsOf(server), "Bins: blue")
})

test("unsent text of closed pages is sent from here; when the text is closed it stays with the reason", async () => {
  const other = new Y.Doc()
  Y.applyUpdate(other, Y.encodeStateAsUpdate(server))
  const update = updateOf(other, () => add(other, "Left."))
  const record = { id: "r1", page: "gone", kind: "text", doc: "measure:7", since: Date.now(), gen: "g7", update, fragments: [TEXT], words: [{ label: "Why", text: "Left." }], stuck: "" }
  await joined()
  await document.adopt([record])
  await serveUpdate()
  assert.equal(wordsOf(server), "Bins:|Left.")
  document.close("deleted")
  await document.adopt([record])
  await settled()
  assert.equal(disk.waiting.get("r1").stuck, "offer.deleted")
})

test("a caret is sent while the text is joined, and carets of those who left are gone", async () => {
  await joined({ people: [{ sid: "a", name: "Amina" }] })
  assert.equal(document.people.size, 1)
  document.setPeople([])
  assert.equal(document.people.size, 0)
  document.suspend()
  document.carets.sendCaret()
  assert.deepEqual(line.emitted, [])
})

for (const [what, replace] of [
  ["a lock that refuses unsent text", () => document.setAccess({ write: false, reason: "locked" })],
  ["a restored version", () => document.close("restored")],
  ["an update refused for good", () => line.requests[0].answer({ ok: false, error: "invalid" })],
]) {
  test(`${what} while the text is being joined does not leave it empty`, async () => {
    await joined()
    write(" blue")
    if (what.startsWith("an update")) await pass(30) // it is under way
    document.join() // the tab is looked at again, or an update of others is missing
    await settled()
    const [join] = line.requests.filter(({ event }) => event === "doc:join")
    replace()
    await settled()
    line.requests = []
    join.answer(joinAnswer(join.payload))
    for (await pass(30); line.requests.length; await pass(30)) {
      const { event, payload, answer } = line.requests.shift()
      if (event === "doc:join") answer(joinAnswer(payload))
      else Y.applyUpdate(server, decode(payload.u)), answer({ ok: true, seq: ++seq })
    }
    assert.deepEqual([shown(), document.joined], [wordsOf(server), true])
  })
}
