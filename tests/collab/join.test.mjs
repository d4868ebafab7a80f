// Joining a document: what the page lacks comes in the acknowledgement, or by HTTP where it is large.

import assert from "node:assert/strict"
import { beforeEach, test } from "node:test"
import { line } from "./line.mjs"
import { decode, encode } from "../../static/js/collab/base64.js"
import { joinDocument } from "../../static/js/collab/join.js"
import { Y } from "../../static/vendor/klimawerk-editor.yjs-13.6.33.js"
import { settled, stopClock } from "../clock.mjs"
import { documentOf, readOf } from "./texts.mjs"

const LARGE = { ok: true, gen: "g7", url: "/documents/7" }

let doc, all

async function join(answer, gen = null) {
  const joined = joinDocument("measure:7", doc, gen)
  await settled()
  const [{ event, payload, patience, answer: say }] = line.requests.splice(0)
  say(answer)
  return { joined, event, payload, patience }
}

beforeEach(() => {
  stopClock()
  line.begin()
  doc = documentOf("Bins.")
  all = Y.encodeStateAsUpdate(doc)
})

test("the page says what it has, so that only the rest comes, and which text it takes it for", async () => {
  const { joined, event, payload } = await join({ ok: true, u: encode(all), seq: 4 }, "g7")
  assert.equal(event, "doc:join")
  assert.deepEqual({ ...payload, sv: decode(payload.sv) }, { doc: "measure:7", sv: Y.encodeStateVector(doc), gen: "g7", http: true })
  const answer = await joined
  assert.deepEqual([answer.ok, answer.seq, readOf(answer.update)], [true, 4, "Bins."])
  assert.ok(!("gen" in (await join({ ok: false }, null)).payload))
})

test("a large text may take its time: fifteen seconds", async () => {
  assert.equal((await join({ ok: false })).patience, 15_000)
})

test("a refusal is handed on as it is", async () => {
  const { joined } = await join({ ok: false, error: "not_found" })
  assert.deepEqual(await joined, { ok: false, error: "not_found" })
})

test("a large text is fetched with the person's login", async () => {
  let asked = null
  globalThis.fetch = async (url, { credentials }) => ((asked = [url, credentials]), new Response(all))
  const { joined } = await join(LARGE)
  assert.equal(readOf((await joined).update), "Bins.")
  assert.deepEqual(asked, ["/documents/7", "same-origin"])
})

test("where it cannot be fetched the text is tried again later, as without a server", async () => {
  const failures = [() => new Response("gone", { status: 503 }), () => Promise.reject(new TypeError("no line"))]
  for (const fails of failures) {
    globalThis.fetch = async () => fails()
    const { joined } = await join(LARGE)
    assert.deepEqual(await joined, { ok: false, error: "unavailable" })
  }
})

test("a line that stalls while it is fetched holds nobody once the connection is gone", async () => {
  globalThis.fetch = (_url, { signal }) => new Promise((_, fail) => signal.addEventListener("abort", () => fail(signal.reason)))
  const { joined } = await join(LARGE)
  let over = null
  joined.then((answer) => (over = answer))
  await settled()
  assert.equal(over, null)
  line.setState("offline")
  await settled()
  assert.deepEqual(over, { ok: false, error: "unavailable" })
})

test("what was fetched is not disturbed by a connection that is gone afterwards", async () => {
  let signal
  globalThis.fetch = async (_url, options) => ((signal = options.signal), new Response(all))
  const { joined } = await join(LARGE)
  await joined
  line.setState("offline")
  assert.equal(signal.aborted, false)
})
