// What waits in this browser: counted, shown by a button in the page's head, and sent.

import assert from "node:assert/strict"
import { mock, test } from "node:test"
import { open, pass, settled } from "../page.mjs"

const DAY = 24 * 60 * 60 * 1_000
const HEAD = `<div id="flashes"></div><header><p id="save-state"></p></header><p id="save-line" hidden></p><main></main>`
const words = {
  "panel.show": "Show", "panel.title": "Not sent yet", "waiting.one": "One waits.", "waiting.many": "{n} wait.",
  "stuck.one": "One cannot be sent.", "stuck.many": "{n} cannot be sent.", saved: "Saved.", offline: "Offline.",
  "away.title": "You were away", "away.send": "Send",
}
const record = (id, more = {}) => ({
  id, page: "living", kind: "post", since: Date.now(), at: 0, stuck: "", gen: "1", doc: "measure:7", url: "/items/8/cost",
  body: "value=1", element: "f-8-cost", where: { title: "Bins", path: "/items/8" }, words: [{ label: "Cost", text: "1" }], ...more,
})

async function ready(records = [], { data, online = true } = {}) {
  const page = open(HEAD, { words, data })
  for (const one of records) page.disk.waiting.set(one.id, one)
  const [{ connection }, { device }, { pendingChanges }, { startSaving, saveStatus }, { startPendingStatus }, { hold }] = await Promise.all(
    ["connection.js", "store/device.js", "store/pending-changes.js", "save-status.js", "store/pending-status.js", "hold.js"].map(page.load),
  )
  await navigator.locks.request(`${device.owner} living`, () => {})
  connection.start("/socket.io")
  startSaving()
  await page.socket[online ? "online" : "offline"]()
  startPendingStatus()
  const find = (selector) => page.document.querySelector(selector)
  const head = () => find("#save-line a").textContent
  return Object.assign(page, { device, pendingChanges, saveStatus, hold, find, head, button: () => find("#waiting-show") })
}

test("what other pages of this browser have not sent is counted in the head, in texts and values, and can be shown", async () => {
  const page = await ready([record("a"), record("b", { words: [1, 2] })])
  assert.equal(page.button(), null)
  await pass(500)
  assert.equal(page.head(), "3 wait.")
  assert.equal(page.button().textContent, "Show")
  page.button().click()
  await settled()
  assert.equal(page.find("dialog#waiting").open, true)
})

test("who was not away is asked nothing", async () => {
  const page = await ready()
  await page.load("editor.js") // the notice comes with it
  await pass(2_000)
  assert.deepEqual([page.find("#away"), page.requests], [null, []])
})

test("the page's own records are not counted twice, and drafts not at all", async () => {
  const page = await ready()
  page.disk.waiting.set("own", record("own", { page: page.device.page }))
  page.disk.waiting.set("draft", record("draft", { kind: "draft" }))
  await pass(500)
  assert.equal(page.head(), "Saved.")
  assert.equal(page.button(), null)
})

test("once another page has sent it, the count and the button go", async () => {
  const page = await ready([record("a")])
  await pass(500)
  assert.ok(page.button())
  page.disk.waiting.clear()
  page.channel.onmessage({ data: "changed" })
  await pass(500)
  assert.equal(page.head(), "Saved.")
  assert.equal(page.button(), null)
})

test("what can no longer be sent is counted apart, also that of this page", async () => {
  const page = await ready([record("a", { stuck: "It was restored." })])
  page.disk.waiting.set("own", record("own", { page: page.device.page, stuck: "It was closed." }))
  await pass(500)
  assert.equal(page.head(), "2 cannot be sent.")
  assert.ok(page.button())
})

test("many changes at once are counted once", async () => {
  const page = await ready()
  await pass(500)
  let reads = 0
  const list = page.pendingChanges.list
  page.pendingChanges.list = (...all) => (reads++, list.apply(page.pendingChanges, all))
  for (let i = 0; i < 20; i++) page.channel.onmessage({ data: "changed" })
  await pass(500)
  const once = reads
  page.channel.onmessage({ data: "changed" })
  await pass(500)
  assert.equal(reads, 2 * once)
  await pass(5_000)
  assert.equal(reads, 2 * once) // and never without a reason
})

test("offline the button is there for what this page has written; online only once it takes long", async () => {
  for (const [online, visible] of [[false, true], [true, false]]) {
    const page = await ready([], { online })
    await pass(500)
    assert.equal(page.button(), null)
    page.saveStatus.waiting("cost", () => null)
    page.saveStatus.forget("other")
    assert.equal(page.button() !== null, visible)
  }
})

test("what a closed page has left is sent, and then counted no more", async () => {
  const page = await ready([record("a", { page: "gone" })])
  await pass(500)
  assert.equal(page.requests[0].url, "/items/8/cost")
  await page.requests[0].answer(200)
  await pass(500)
  assert.deepEqual([page.disk.waiting.size, page.head(), page.button()], [0, "Saved.", null])
})

test("without a connection it waits, and goes when there is one", async () => {
  const page = await ready([record("a", { page: "gone" })], { online: false })
  await pass(500)
  assert.deepEqual(page.requests, [])
  await page.socket.online()
  await pass(500)
  assert.equal(page.requests[0].url, "/items/8/cost")
})

test("a shared computer keeps nothing of another time: what is left there is deleted", async () => {
  const page = await ready([], { data: { shared: "" } })
  page.disk.bases.set("measure:7", {})
  await pass(500)
  assert.equal(page.disk.bases.size, 0)
  const own = await ready([])
  own.disk.bases.set("measure:7", {})
  await pass(500)
  assert.equal(own.disk.bases.size, 1)
})

test("a store that cannot be read breaks nothing, and is counted when it can", async () => {
  const page = await ready([record("a")])
  page.disk.broken = true
  await pass(500)
  assert.equal(page.head(), "Saved.")
  page.disk.broken = false
  page.hide(false)
  await pass(500)
  assert.equal(page.head(), "One waits.")
})

for (const [what, broken] of [["", false], [", also where the browser's store is unusable", true]]) {
  test(`after more than a day offline the user is asked before what they wrote is sent${what}`, async () => {
    const page = await ready()
    await pass(500)
    page.disk.broken = broken
    page.saveStatus.waiting("cost", () => null)
    await page.socket.offline()
    mock.timers.tick(DAY + 1)
    await page.socket.online()
    await pass(1_000)
    assert.equal(page.hold.open, false)
    assert.equal(page.find("#away h2")?.textContent, "You were away")
    page.find("#away button").click()
    assert.equal(page.hold.open, true)
    page.disk.broken = false
  })
}
