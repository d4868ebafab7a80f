// Texts in the browser's store: the server's state of each, for reading offline, and unsent text of closed pages.

import assert from "node:assert/strict"
import { test } from "node:test"
import { Y } from "../../static/vendor/klimawerk-editor.yjs-13.6.33.js"
import { add, documentOf, readOf, remove, type, updateOf } from "../collab/texts.mjs"
import { open, pass, settled } from "../page.mjs"

const ABOUT = { gen: "g7", write: true, reason: "", by: "" }
const NAME = "measure:7"

async function ready(options) {
  const page = open("", options)
  const [textStore, { pendingChanges }, { device }, { signInAgain }] = await Promise.all(
    ["store/text-store.js", "store/pending-changes.js", "store/device.js", "relogin.js"].map(page.load),
  )
  const server = documentOf("Bins:")
  const base = new textStore.Base(NAME)
  const join = () => base.joined(ABOUT, Y.encodeStateAsUpdate(server))
  const stored = () => page.disk.bases.has(NAME) && readOf(page.disk.bases.get(NAME).state)
  return Object.assign(page, textStore, { loadText: textStore.load, pendingChanges, device, signInAgain, server, base, join, stored })
}

const unsent = (id, more = {}) => ({ id, page: "gone", kind: "text", doc: NAME, since: 1, at: 0, stuck: "", words: [], ...more })

test("a text that was joined can be opened on the next page without a connection, with the permissions of then", async () => {
  const page = await ready()
  page.join()
  await pass(1_000)
  const { base, left } = await page.loadText(NAME)
  assert.equal(readOf(base.state), "Bins:")
  const { gen, write, reason, by } = base
  assert.deepEqual({ gen, write, reason, by }, ABOUT)
  assert.deepEqual(left, [])
  assert.deepEqual(await page.loadText("measure:8"), { base: null, left: [] })
})

test("what arrives is stored a second later, then at most every ten seconds, all of it", async () => {
  const page = await ready()
  page.join()
  await pass(900)
  assert.equal(page.stored(), false)
  await pass(100)
  assert.equal(page.stored(), "Bins:")
  for (const word of [" blue", " and", " green"]) {
    page.base.add(updateOf(page.server, () => type(page.server, 0, word)))
    await pass(3_000)
  }
  assert.equal(page.stored(), "Bins:")
  await pass(1_000)
  assert.equal(page.stored(), "Bins: blue and green")
})

test("a page that goes into the background stores at once", async () => {
  const page = await ready()
  page.join()
  page.hide(true)
  await settled()
  assert.equal(page.stored(), "Bins:")
  page.base.add(updateOf(page.server, () => type(page.server, 0, " blue")))
  page.hide(false)
  await settled()
  assert.equal(page.stored(), "Bins:")
})

test("deleted text is not stored, so that a text does not grow by being edited", async () => {
  const page = await ready()
  page.join()
  page.base.add(updateOf(page.server, () => add(page.server, "secret ".repeat(500))))
  page.base.add(updateOf(page.server, () => remove(page.server, 1)))
  await pass(1_000)
  assert.equal(page.stored(), "Bins:")
  assert.ok(page.disk.bases.get(NAME).state.length < 300)
})

test("an update whose predecessor is still missing is stored with the rest, and is readable once that arrives", async () => {
  const page = await ready()
  page.join()
  const first = updateOf(page.server, () => type(page.server, 0, " blue"))
  const second = updateOf(page.server, () => type(page.server, 0, " and"))
  page.base.add(second)
  await pass(1_000)
  assert.equal(page.stored(), "Bins:")
  page.base.add(first)
  await pass(10_000)
  assert.equal(page.stored(), "Bins: blue and")
})

test("nothing is stored of a text that was not joined", async () => {
  const page = await ready()
  page.base.add(Y.encodeStateAsUpdate(page.server))
  await pass(20_000)
  assert.equal(page.stored(), false)
  page.join()
  await pass(10_000)
  assert.equal(page.stored(), "Bins:")
})

test("a text that is closed is stored no more; one that is gone, or no longer open to the user, is deleted", async () => {
  const page = await ready()
  page.join()
  await pass(1_000)
  page.base.add(updateOf(page.server, () => type(page.server, 0, " blue")))
  page.base.end()
  page.hide(true)
  await pass(20_000)
  assert.equal(page.stored(), "Bins:")
  page.base.end({ forget: true })
  await settled()
  assert.equal(page.stored(), false)
})

test("a shared computer stores no text", async () => {
  const page = await ready({ data: { shared: "" } })
  page.join()
  page.hide(true)
  await pass(20_000)
  assert.equal(page.stored(), false)
})

test("after signing out on any page no text is stored, until somebody signs in again", async () => {
  const page = await ready()
  page.join()
  page.channel.onmessage({ data: "changed" })
  page.channel.onmessage({ data: "forget" })
  page.channel.onmessage({ data: "changed" })
  await pass(20_000)
  assert.equal(page.stored(), false)
  page.signInAgain()
  await page.request("/login/form").answer(200, "", { "X-CSRFToken": "new" })
  page.base.add(updateOf(page.server, () => type(page.server, 0, " blue")))
  await pass(20_000)
  assert.equal(page.stored(), "Bins: blue")
})

test("unsent text of closed pages is taken over with the text, by one page alone", async () => {
  const page = await ready()
  const records = [
    unsent("first", { since: 1 }), unsent("second", { since: 2 }), unsent("elsewhere", { doc: "measure:8" }),
    unsent("value", { kind: "post" }), unsent("stuck", { stuck: "It was restored." }), unsent("open", { page: "living" }),
  ]
  for (const record of records) page.disk.waiting.set(record.id, record)
  await navigator.locks.request(`${page.device.owner} living`, () => {})
  const { left } = await page.loadText(NAME)
  assert.deepEqual(left.map(({ id }) => id), ["first", "second"])
  const owners = Object.fromEntries([...page.disk.waiting.values()].map(({ id, page }) => [id, page]))
  const mine = page.device.page
  assert.deepEqual(owners, { first: mine, second: mine, elsewhere: "gone", value: "gone", stuck: "gone", open: "living" })
  assert.deepEqual((await page.loadText(NAME)).left, [])
})

test("a store that cannot be read or written keeps nobody from a text", async () => {
  const page = await ready()
  page.disk.broken = true
  assert.deepEqual(await page.loadText(NAME), { base: null, left: [] })
  page.join()
  await pass(1_000)
  page.base.end({ forget: true })
  await settled()
  assert.equal(page.stored(), false)
  page.disk.broken = false
})

test("a store that is full for a moment has the whole text the next time", async () => {
  const page = await ready()
  page.join()
  page.disk.broken = true
  await pass(1_000)
  page.disk.broken = false
  page.base.add(updateOf(page.server, () => type(page.server, 0, " blue")))
  await pass(10_000)
  assert.equal(page.stored(), "Bins: blue")
})
