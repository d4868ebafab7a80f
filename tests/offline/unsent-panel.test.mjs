// The panel of what is not sent yet: to be read, saved as a file, and copied or discarded where it cannot be sent.

import assert from "node:assert/strict"
import { test } from "node:test"
import { open, pass, settled } from "../page.mjs"

const words = {
  unkept: "Only on this page.", "panel.nothing": "Nothing waits.", "panel.waiting": "Waits for a connection.", "panel.sending": "On its way.",
  "panel.stuck": "Cannot be sent.", "panel.since": "since {time}", "panel.no-words": "(deleted)", "panel.discard": "Discard",
  "panel.download": "Save", "panel.close": "Close", "panel.title": "Not sent yet",
}
const record = (id, more = {}) => ({
  id, page: "living", kind: "post", since: Date.now(), at: 0, stuck: "", where: { title: "Bins", path: "/items/7" }, words: [{ label: "Cost", text: "62,000" }], ...more,
})

async function ready(...records) {
  const page = open("<main></main>", { words })
  for (const one of records) page.disk.waiting.set(one.id, one)
  const [{ connection }, { showPanel }, { pendingChanges }, { storePlan }] = await Promise.all(
    ["connection.js", "store/unsent-panel.js", "store/pending-changes.js", "store/store-access.js"].map(page.load),
  )
  connection.start("/socket.io")
  await page.socket.online()
  const find = (selector) => page.document.querySelector(selector)
  const texts = (selector) => [...page.document.querySelectorAll(`#waiting ${selector}`)].map(({ textContent }) => textContent)
  const button = (text) => [...page.document.querySelectorAll("#waiting button")].find(({ textContent }) => textContent === text)
  return Object.assign(page, { showPanel, pendingChanges, storePlan, find, texts, button, sentences: () => texts(".stack > p") })
}

test("everything that waits is shown with its page, its label, its text and since when", async () => {
  const page = await ready(
    record("a", { since: Date.UTC(2026, 10, 30, 7, 30) }), record("b", { words: [{ label: "Why", text: "<b>Money</b>" }] }),
    record("c", { where: { title: "Compost", path: "/items/8" } }),
  )
  await page.showPanel()
  assert.equal(page.find("#waiting").open, true)
  assert.deepEqual(page.sentences(), ["On its way."])
  assert.deepEqual(page.texts("h3"), ["Bins", "Compost"])
  assert.deepEqual([...page.document.querySelectorAll("#waiting h3 a")].map((link) => link.getAttribute("href")), ["/items/7", "/items/8"])
  assert.match(page.texts(".waiting-label")[0], /^Cost since \d\d:30$/)
  assert.deepEqual(page.texts(".waiting-words"), ["62,000", "<b>Money</b>", "62,000"])
})

test("without a connection it says that it waits for one", async () => {
  const page = await ready(record("a"))
  await page.socket.offline()
  await page.showPanel()
  assert.deepEqual(page.sentences(), ["Waits for a connection."])
})

test("a change that left no text is named as one", async () => {
  const page = await ready(record("a", { words: [{ label: "Why", text: "" }] }))
  await page.showPanel()
  assert.deepEqual(page.texts(".waiting-words"), ["(deleted)"])
})

test("where nothing waits it says so, and there is nothing to save as a file", async () => {
  const page = await ready()
  await page.showPanel()
  assert.deepEqual(page.sentences(), ["Nothing waits."])
  assert.equal(page.button("Save").hidden, true)
})

test("it follows what is sent and stored while it is open", async () => {
  const page = await ready(record("a"))
  await page.showPanel()
  assert.equal(page.button("Save").hidden, false)
  await page.pendingChanges.keep(record("b", { words: [{ label: "Why", text: "Money" }] }))
  await settled()
  assert.deepEqual(page.texts(".waiting-words"), ["62,000", "Money"])
  await page.pendingChanges.drop("a", "b")
  await settled()
  assert.deepEqual(page.sentences(), ["Nothing waits."])
})

test("a panel that was closed shows the present when it is opened again, and there is one", async () => {
  const page = await ready(record("a"))
  await page.showPanel()
  page.button("Close").click()
  assert.equal(page.find("#waiting").open, false)
  await page.pendingChanges.drop("a")
  await settled()
  await page.showPanel()
  assert.deepEqual(page.sentences(), ["Nothing waits."])
  assert.equal(page.document.querySelectorAll("dialog").length, 1)
})

test("what cannot be sent is shown with the reason, for copying, and stays until it is discarded", async () => {
  const page = await ready(record("a", { stuck: "It was restored.", words: [{ label: "Why", text: "Money" }, { label: "How", text: "Time" }] }), record("b"))
  await page.showPanel()
  assert.deepEqual(page.sentences(), ["On its way.", "Cannot be sent."])
  assert.deepEqual(page.texts(".offer p"), ["It was restored."])
  const boxes = [...page.document.querySelectorAll("#waiting textarea")]
  assert.deepEqual(boxes.map(({ value, readOnly }) => [value, readOnly]), [["Money", true], ["Time", true]])
  assert.deepEqual(boxes.map(({ id }) => page.find(`label[for="${id}"]`).textContent), ["Why", "How"])
  assert.equal(page.disk.waiting.size, 2)
  page.button("Discard").click()
  await settled()
  assert.deepEqual([...page.disk.waiting.keys()], ["b"])
  assert.deepEqual(page.sentences(), ["On its way."])
  assert.equal(page.document.activeElement.textContent, "Not sent yet")
})

for (const button of ["discard-value", "offer-done"]) {
  test(`what is discarded goes from its field, too (${button})`, async () => {
    const page = await ready(record("a", { stuck: "No date.", element: "f-7-due" }), record("b", { element: "rows-7" }))
    const pressed = []
    for (const id of ["f-7-due", "f-7-cost"]) {
      const field = Object.assign(page.document.createElement("kw-field"), { id, innerHTML: `<button class="${button}"></button>` })
      field.addEventListener("click", () => pressed.push(id))
      page.find("main").append(field)
    }
    await page.showPanel()
    page.button("Discard").click()
    await settled()
    assert.deepEqual(pressed, ["f-7-due"])
    assert.deepEqual([...page.disk.waiting.keys()], ["b"])
  })
}

test("whoever closes it is in the page, as the button that opened it goes with the last change", async () => {
  const page = await ready(record("a"))
  page.find("main").tabIndex = -1
  await page.showPanel()
  page.find("#waiting").dispatchEvent(new Event("close"))
  assert.equal(page.document.activeElement.localName, "main")
})

test("what the browser could not store is shown first: closing the page would lose it", async () => {
  const page = await ready(record("a"))
  page.disk.broken = true
  page.storePlan("why", () => ({ kind: "post", words: [{ label: "Why", text: "Money" }] }))
  await settled()
  page.disk.broken = false
  page.document.title = "Bins"
  const stored = page.pendingChanges.keep
  page.pendingChanges.keep = async () => { throw new Error("full") }
  await page.showPanel()
  page.pendingChanges.keep = stored
  assert.deepEqual(page.sentences(), ["Only on this page.", "On its way."])
  assert.deepEqual([...page.document.querySelectorAll("#waiting textarea")].map(({ value }) => value), ["Money"])
  assert.equal(page.button("Discard"), undefined)
})

test("the file has everything, with its place and reason, in lines that every editor reads", async () => {
  const page = await ready(record("a", { words: [{ label: "Why", text: "Money\nand time" }] }), record("b", { stuck: "It was restored." }))
  await page.showPanel()
  const saved = []
  URL.createObjectURL = (blob) => (saved.push(blob), "blob:1")
  URL.revokeObjectURL = (address) => saved.push(address)
  const click = page.window.HTMLAnchorElement.prototype.click
  page.window.HTMLAnchorElement.prototype.click = function () {
    saved.push(this.download)
  }
  page.button("Save").click()
  await pass(9_000)
  page.window.HTMLAnchorElement.prototype.click = click
  const [blob, name, ...revoked] = saved
  assert.equal(name, "klimawerk-2026-11-30.txt")
  assert.equal(blob.type, "text/plain;charset=utf-8")
  const [title, first, second] = (await blob.text()).split("\r\n\r\n\r\n")
  assert.equal(title, "Not sent yet")
  assert.match(first, /^Bins · Why\r\nhttps:\/\/klimawerk\.example\/items\/7 · \d\d:\d\d\r\n\r\nMoney\nand time$/)
  assert.match(second, /^Bins · Cost\r\n.*\r\nIt was restored\.\r\n\r\n62,000\r\n$/)
  assert.deepEqual(revoked, [])
  await pass(1_000)
  assert.deepEqual(saved.slice(2), ["blob:1"])
})
