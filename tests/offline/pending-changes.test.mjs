// Pending changes in the browser's store: which page is responsible, and who takes over when it is closed.

import assert from "node:assert/strict"
import { test } from "node:test"
import { open, pass, settled } from "../page.mjs"

const record = (id, page, more = {}) => ({ id, page, kind: "post", since: 1, at: Date.now(), stuck: "", words: [], ...more })

async function opened() {
  const page = open()
  const { device } = await page.load("store/device.js")
  const { pendingChanges, countTexts } = await page.load("store/pending-changes.js")
  return Object.assign(page, { device, pendingChanges, countTexts, ids: async (...all) => (await pendingChanges.leftBehind(...all)).map(({ id }) => id) })
}

test("what waits is listed oldest first, without drafts, or one kind alone", async () => {
  const { pendingChanges } = await opened()
  for (const [id, kind, since] of [["c", "post", 3], ["a", "text", 1], ["d", "draft", 0], ["b", "post", 2]]) {
    await pendingChanges.keep(record(id, "gone", { kind, since }))
  }
  const ids = async (kind) => (await pendingChanges.list(kind)).map(({ id }) => id)
  assert.deepEqual(await ids(), ["a", "b", "c"])
  assert.deepEqual(await ids("draft"), ["d"])
  assert.deepEqual(await ids("text"), ["a"])
})

test("only what pages that are gone have left is taken over", async () => {
  const { pendingChanges, device, ids } = await opened()
  await navigator.locks.request(`${device.owner} living`, () => {})
  await pendingChanges.keep(record("own", device.page))
  await pendingChanges.keep(record("theirs", "living"))
  await pendingChanges.keep(record("left", "gone", { since: 2 }))
  await pendingChanges.keep(record("stuck", "gone", { stuck: "You may not." }))
  assert.deepEqual(await ids(), ["left"])
  assert.deepEqual(await ids("", ({ stuck }) => stuck), ["stuck"])
})

test("where the browser cannot tell which pages are open, one that is silent for 15 seconds is gone", async () => {
  const { pendingChanges, ids } = await opened()
  Object.defineProperty(navigator, "locks", { configurable: true, value: undefined })
  await pendingChanges.keep(record("left", "another"))
  await pass(15_000)
  assert.deepEqual(await ids(), [])
  await pass(1)
  assert.deepEqual(await ids(), ["left"])
})

test("of two pages that take something over only one gets it", async () => {
  const page = await opened()
  const { pendingChanges, device } = page
  const left = record("left", "gone")
  await pendingChanges.keep(left)
  const answers = [await pendingChanges.claim(left), await pendingChanges.claim(left)]
  assert.deepEqual(answers, [true, false])
  assert.equal(page.disk.waiting.get("left").page, device.page)
  assert.equal(await pendingChanges.claim(record("sent", "gone")), false)
})

test("what can no longer be sent stays with its words and the reason; what a lock refused belongs to no page", async () => {
  const page = await opened()
  const { pendingChanges, device } = page
  const words = [{ label: "Why", text: "Money" }]
  await pendingChanges.stick(record("a", "gone", { words, update: "bytes" }), "It was restored.")
  await pendingChanges.stick(record("b", "gone", { words }), "It is closed.", true)
  const [a, b] = [page.disk.waiting.get("a"), page.disk.waiting.get("b")]
  assert.deepEqual([a.page, a.stuck, a.closed, a.update, a.words], [device.page, "It was restored.", false, null, words])
  assert.deepEqual([b.page, b.stuck, b.closed], ["", "It is closed.", true])
})

test("whatever is kept, taken over, stuck or dropped is heard of, in this page and in others", async () => {
  const page = await opened()
  const { pendingChanges } = page
  const heard = []
  pendingChanges.watch((what) => heard.push(what))
  const left = record("left", "gone")
  await pendingChanges.keep(left)
  await pendingChanges.claim(left)
  await pendingChanges.claim(left) // another page was faster: nothing to announce
  await pendingChanges.stick(left, "No.")
  await pendingChanges.drop("left")
  assert.deepEqual(heard, ["changed", "changed", "changed", "changed"])
  assert.deepEqual(page.channel.posted, heard)
  page.channel.onmessage({ data: "gone" })
  assert.equal(heard.at(-1), "gone")
  page.window.dispatchEvent(new Event("pagehide"))
  assert.equal(page.channel.posted.at(-1), "gone")
})

test("a store that fails is told of to who keeps or erases, and to nobody who drops", async () => {
  const page = await opened()
  page.disk.broken = true
  await assert.rejects(page.pendingChanges.keep(record("a", "b")))
  await assert.rejects(page.pendingChanges.erase("a"))
  await page.pendingChanges.drop("a")
  assert.deepEqual(page.channel.posted, [])
})

test("signing out forgets what was only read, and keeps what waits", async () => {
  const page = await opened()
  page.disk.bases.set("measure:7", {})
  await page.pendingChanges.keep(record("a", "gone"))
  await page.pendingChanges.forgetRead()
  assert.equal(page.disk.bases.size, 0)
  assert.equal(page.disk.waiting.size, 1)
  assert.equal(page.disk.destroyed, undefined)
  assert.equal(page.channel.posted.at(-1), "forget")

  await page.pendingChanges.drop("a")
  await page.pendingChanges.forgetRead()
  assert.equal(page.disk.destroyed, true)
})

test("on a computer that others use too nobody need be told, since nothing was kept", async () => {
  const page = open("", { data: { shared: "" } })
  const { pendingChanges } = await page.load("store/pending-changes.js")
  await pendingChanges.forgetRead()
  assert.deepEqual(page.channel.posted, [])
})

test("words are counted, not records", async () => {
  const { countTexts } = await opened()
  assert.equal(countTexts([{ words: [1, 2] }, { words: [] }, { words: [3] }]), 3)
  await settled()
})
