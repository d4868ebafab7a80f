// The save status in the page's head and at its fields.

import assert from "node:assert/strict"
import { test } from "node:test"
import { open, pass, settled } from "../page.mjs"

const BODY = `<p id="save-state"></p><p id="save-line" hidden></p><kw-field id="f-cost"></kw-field><kw-field id="f-why"></kw-field>`
const WORDS = { "waiting.one": "{n} waits", "waiting.many": "{n} wait", "stuck.one": "{n} stuck", "conflict.many": "{n} conflicts", offline: "offline.",
  "short.saved": "Saved", "short.waiting.one": "{n} waits", "short.waiting.many": "{n} wait", "short.conflict.many": "{n} with two values", "short.offline": "since {time}" }

async function ready({ online = true } = {}) {
  const page = open(BODY, { words: WORDS })
  const [{ connection }, { saveStatus, startSaving }, storeAccess] = await Promise.all(
    ["connection.js", "save-status.js", "store/store-access.js"].map(page.load),
  )
  connection.start("/socket.io")
  startSaving()
  if (online) await page.socket.online()
  await settled()
  const get = (id) => page.document.getElementById(id)
  const place = (name) => () => get(`f-${name}`)
  return Object.assign(page, {
    saveStatus,
    storeAccess,
    get,
    place,
    wait: (name) => saveStatus.waiting(name, place(name)),
    head: () => `${get("save-state").dataset.state}: ${get("save-line").textContent}`,
    bar: () => get("save-state").textContent,
    line: (name) => get(`f-${name}`).querySelector(".field-state")?.textContent,
    link: () => get("save-line").querySelector("a").getAttribute("href"),
    said: () => page.document.getElementById("announce")?.textContent ?? "",
  })
}

test("a page says that it is connecting, then that all is saved, then that it is offline", async () => {
  const page = await ready({ online: false })
  assert.equal(page.head(), "connecting: connecting")
  await page.socket.online()
  assert.equal(page.head(), "saved: saved")
  await page.socket.offline()
  assert.equal(page.head(), "offline: offline.")
  await pass(100)
  assert.equal(page.said(), "offline.")
})

test("the bar says it in a few words, the line below only while something waits", async () => {
  const page = await ready()
  const shown = () => [page.bar(), page.get("save-line").hidden]
  assert.deepEqual(shown(), ["Saved", true])
  page.wait("cost")
  page.wait("why")
  await pass(1_600)
  assert.deepEqual(shown(), ["2 wait", false])
  await page.socket.offline()
  assert.match(page.bar(), /^since \d\d:\d\d$/)
  assert.equal(page.get("save-line").textContent, "offline. 2 wait")
  await page.socket.online()
  page.saveStatus.saved("cost")
  page.saveStatus.saved("why")
  assert.deepEqual(shown(), ["Saved", true])
})

test("a page without a bar has nothing to draw, and breaks nothing", async () => {
  const page = await ready()
  page.get("save-state").remove()
  const { startBar } = await page.load("save-bar.js")
  assert.equal(startBar(), false)
})

test("only what takes longer than a second and a half is worth a word", async () => {
  const page = await ready()
  page.wait("cost")
  await pass(1_400)
  assert.equal(page.head(), "saved: saved")
  assert.equal(page.line("cost"), undefined)
  await pass(200)
  assert.equal(page.head(), "waiting: 1 waits")
  assert.equal(page.line("cost"), "field.waiting")
  assert.equal(page.get("f-cost").querySelector(".field-state").hidden, false)
  page.saveStatus.saved("cost")
  assert.equal(page.head(), "saved: saved")
  assert.equal(page.line("cost"), "field.saved")
})

test("what was slow is said to be saved once all is, what was quick is not", async () => {
  const page = await ready()
  page.wait("cost")
  page.saveStatus.saved("cost")
  await pass(200)
  assert.equal(page.said(), "")
  page.wait("cost")
  page.wait("why")
  await pass(1_600)
  page.saveStatus.saved("cost")
  await pass(200)
  assert.equal(page.said(), "")
  page.saveStatus.saved("why")
  await pass(200)
  assert.equal(page.said(), "saved")
})

test("each letter more does not begin the waiting anew", async () => {
  const page = await ready()
  for (let i = 0; i < 16; i++) {
    page.wait("cost")
    await pass(100)
  }
  assert.equal(page.head(), "waiting: 1 waits")
  assert.equal(page.saveStatus.count, 1)
})

test("without a connection it is counted what waits, also of other pages", async () => {
  const page = await ready()
  page.wait("cost")
  page.saveStatus.setOtherPages({ waiting: 2, stuck: 0 })
  await page.socket.offline()
  assert.equal(page.head(), "offline: offline. 3 wait")
  assert.equal(page.saveStatus.otherPages, 2)
})

test("what was refused is said, and the head leads to its place until it is seen to", async () => {
  const page = await ready()
  page.saveStatus.refused("cost", page.place("cost"))
  assert.equal(page.head(), "refused: refused")
  assert.equal(page.link(), "#f-cost")
  assert.equal(page.line("cost"), "field.refused")
  await pass(100)
  assert.equal(page.said(), "refused")
  page.saveStatus.forget("cost")
  assert.equal(page.head(), "saved: saved")
  assert.equal(page.link(), null)
})

test("two values that wait for a choice are counted, and the head leads to the first", async () => {
  const page = await ready()
  const { renderSaveState } = await page.load("save-status.js")
  page.get("f-cost").innerHTML = `<div class="conflict" id="two"></div>`
  page.get("f-why").innerHTML = `<div class="conflict" id="three"></div>`
  renderSaveState()
  assert.equal(page.head(), "conflict: 2 conflicts")
  assert.equal(page.link(), "#two")
  page.saveStatus.setOtherPages({ waiting: 0, stuck: 1 }) // a change that cannot be sent any more takes precedence
  assert.equal(page.head(), "refused: 1 stuck")
  page.saveStatus.setOtherPages({ waiting: 1, stuck: 1 })
  assert.equal(page.head(), "waiting: 1 waits")
})

test("a server that can store nothing says so until it can, or the line breaks", async () => {
  const page = await ready()
  await page.socket.receive("storing", { able: false })
  assert.equal(page.head(), "waiting: unable  unable.keep")
  page.wait("cost")
  page.saveStatus.forget("nothing")
  assert.equal(page.head(), "waiting: unable 1 waits")
  page.saveStatus.saved("cost")
  await page.socket.receive("storing", { able: true })
  assert.equal(page.head(), "saved: saved")
  await page.socket.receive("storing", { able: false })
  await page.socket.offline()
  await page.socket.online()
  assert.equal(page.head(), "saved: saved")
})

test("words that the browser could not keep are said to be lost with the page", async () => {
  const page = await ready()
  await page.socket.offline()
  page.storeAccess.setWriter({ take: (plan) => (plan.failed = true) })
  page.wait("cost")
  page.storeAccess.storePlan("cost", () => "1")
  page.storeAccess.notifyStoreWatcher()
  assert.equal(page.head(), "offline: offline. unkept")
  assert.equal(page.line("cost"), "unkept")
  await page.socket.online()
  assert.equal(page.head(), "saved: saved") // on a good connection the server has it before this matters
  page.storeAccess.notifyStoreWatcher()
  await pass(1_600)
  assert.equal(page.head(), "refused: unkept")
  page.storeAccess.dropPlan("cost")
  assert.notEqual(page.head(), "refused: unkept")
})

test("leaving is asked about while something waits, and not when nothing does or the person was asked", async () => {
  const page = await ready()
  const leave = () => {
    const event = new Event("beforeunload", { cancelable: true })
    page.window.dispatchEvent(event)
    return event.defaultPrevented
  }
  assert.equal(leave(), false)
  page.wait("cost")
  assert.equal(leave(), true)
  page.saveStatus.forget("cost")
  page.get("f-why").dataset.dirty = ""
  assert.equal(leave(), true)
  delete page.get("f-why").dataset.dirty
  page.storeAccess.storePlan("draft", () => "1")
  assert.equal(leave(), true)
  page.saveStatus.allowLeaving()
  assert.equal(leave(), false)
})

test("what was saved in time, or is not to be told of, gets no word afterwards", async () => {
  const page = await ready()
  page.wait("cost")
  page.saveStatus.forget("cost")
  page.wait("cost")
  await pass(1_400)
  page.saveStatus.saved("cost")
  page.get("f-cost").replaceChildren()
  await pass(2_000)
  assert.equal(page.line("cost"), undefined)
})

test("an answer for what nothing is known of says nothing", async () => {
  const page = await ready()
  page.saveStatus.saved("cost")
  assert.equal(page.line("cost"), undefined)
  assert.equal(page.saveStatus.count, 0)
})
