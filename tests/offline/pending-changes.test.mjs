// What waits in the browser: which page looks after it, and what becomes of it when that page is gone.

import assert from "node:assert/strict"
import { test } from "node:test"
import { open, pass, settled } from "../page.mjs"

const record = (id, page, more = {}) => ({ id, page, kind: "post", since: 1, at: Date.now(), stuck: "", words: [], ...more })

async function opened() {
  const page = open()
  const { device } = await page.load("store/device.js")
  const { waiting, wordsIn } = await page.load("store/pending-changes.js")
  return Object.assign(page, { device, waiting, wordsIn, ids: async (...all) => (await waiting.leftBehind(...all)).map(({ id }) => id) })
}

test("what waits is listed oldest first, without drafts, or one kind alone", async () => {
  const { waiting } = await opened()
  for (const [id, kind, since] of [["c", "post", 3], ["a", "text", 1], ["d", "draft", 0], ["b", "post", 2]]) {
    await waiting.keep(record(id, "gone", { kind, since }))
  }
  const ids = async (kind) => (await waiting.list(kind)).map(({ id }) => id)
  assert.deepEqual(await ids(), ["a", "b", "c"])
  assert.deepEqual(await ids("draft"), ["d"])
  assert.deepEqual(await ids("text"), ["a"])
})

test("only what pages that are gone have left is taken over", async () => {
  const { waiting, device, ids } = await opened()
  await navigator.locks.request(`${device.owner} living`, () => {})
  await waiting.keep(record("own", device.page))
  await waiting.keep(record("theirs", "living"))
  await waiting.keep(record("left", "gone", { since: 2 }))
  await waiting.keep(record("stuck", "gone", { stuck: "You may not." }))
  assert.deepEqual(await ids(), ["left"])
  assert.deepEqual(await ids("", ({ stuck }) => stuck), ["stuck"])
})

test("where the browser cannot tell which pages are open, one that is silent for 15 seconds is gone", async () => {
  const { waiting, ids } = await opened()
  Object.defineProperty(navigator, "locks", { configurable: true, value: undefined })
  await waiting.keep(record("left", "another"))
  await pass(15_000)
  assert.deepEqual(await ids(), [])
  await pass(1)
  assert.deepEqual(await ids(), ["left"])
})

test("of two pages that take something over only one gets it", async () => {
  const page = await opened()
  const { waiting, device } = page
  const left = record("left", "gone")
  await waiting.keep(left)
  const answers = [await waiting.claim(left), await waiting.claim(left)]
  assert.deepEqual(answers, [true, false])
  assert.equal(page.disk.waiting.get("left").page, device.page)
  assert.equal(await waiting.claim(record("sent", "gone")), false)
})

test("what can no longer be sent stays with its words and the reason; what a lock refused belongs to no page", async () => {
  const page = await opened()
  const { waiting, device } = page
  const words = [{ label: "Why", text: "Money" }]
  await waiting.stick(record("a", "gone", { words, update: "bytes" }), "It was restored.")
  await waiting.stick(record("b", "gone", { words }), "It is closed.", true)
  const [a, b] = [page.disk.waiting.get("a"), page.disk.waiting.get("b")]
  assert.deepEqual([a.page, a.stuck, a.closed, a.update, a.words], [device.page, "It was restored.", false, null, words])
  assert.deepEqual([b.page, b.stuck, b.closed], ["", "It is closed.", true])
})

test("whatever is kept, taken over, stuck or dropped is heard of, in this page and in others", async () => {
  const page = await opened()
  const { waiting } = page
  const heard = []
  waiting.watch((what) => heard.push(what))
  const left = record("left", "gone")
  await waiting.keep(left)
  await waiting.claim(left)
  await waiting.claim(left) // another was faster: nothing to tell
  await waiting.stick(left, "No.")
  await waiting.drop("left")
  assert.deepEqual(heard, ["changed", "changed", "changed", "changed"])
  assert.deepEqual(page.channel.said, heard)
  page.channel.onmessage({ data: "gone" })
  assert.equal(heard.at(-1), "gone")
  page.window.dispatchEvent(new Event("pagehide"))
  assert.equal(page.channel.said.at(-1), "gone")
})

test("a store that fails is told of to who keeps or erases, and to nobody who drops", async () => {
  const page = await opened()
  page.disk.broken = true
  await assert.rejects(page.waiting.keep(record("a", "b")))
  await assert.rejects(page.waiting.erase("a"))
  await page.waiting.drop("a")
  assert.deepEqual(page.channel.said, [])
})

test("signing out forgets what was only read, and keeps what waits", async () => {
  const page = await opened()
  page.disk.bases.set("measure:7", {})
  await page.waiting.keep(record("a", "gone"))
  await page.waiting.forgetRead()
  assert.equal(page.disk.bases.size, 0)
  assert.equal(page.disk.waiting.size, 1)
  assert.equal(page.disk.destroyed, undefined)
  assert.equal(page.channel.said.at(-1), "forget")

  await page.waiting.drop("a")
  await page.waiting.forgetRead()
  assert.equal(page.disk.destroyed, true)
})

test("on a computer that others use too nobody need be told, since nothing was kept", async () => {
  const page = open("", { data: { shared: "" } })
  const { waiting } = await page.load("store/pending-changes.js")
  await waiting.forgetRead()
  assert.deepEqual(page.channel.said, [])
})

test("words are counted, not records", async () => {
  const { wordsIn } = await opened()
  assert.equal(wordsIn([{ words: [1, 2] }, { words: [] }, { words: [3] }]), 3)
  await settled()
})
