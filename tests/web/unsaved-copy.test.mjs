// Text that could not be saved: shown for copying until its author dismisses it.

import assert from "node:assert/strict"
import { test } from "node:test"
import { open, settled } from "../page.mjs"

const words = { "offer.done": "Done", "offer.copy": "Copy", "offer.copied": "Copied" }
const PAGE = `<main><h1>Bins</h1><kw-field id="f-7-why"><input></kw-field></main>`

async function ready(html = PAGE) {
  const page = open(html, { words })
  const { showUnsavedCopy } = await page.load("unsaved-copy.js")
  const find = (selector) => page.document.querySelector(selector)
  const show = async (more = {}) => {
    await showUnsavedCopy({ place: () => find("#f-7-why"), reason: "It was closed.", label: "Why", text: "Money", ...more })
    return page.document.querySelectorAll(".offer")
  }
  const copied = []
  const clipboard = { writeText: async (text) => copied.push(text) }
  Object.defineProperty(page.window.navigator, "clipboard", { configurable: true, get: () => page.clipboard })
  return Object.assign(page, { find, show, copied, clipboard, swapped: () => document.dispatchEvent(new CustomEvent("kw:swapped")) })
}

test("the text stands below its field with the reason, read-only, whole and without HTML", async () => {
  const page = await ready()
  const text = "First line\n<b>second</b>\n"
  await page.show({ text })
  const box = page.find("#f-7-why > .offer textarea")
  assert.equal(box.value, text)
  assert.equal(box.readOnly, true)
  assert.equal(Number(box.rows), 4)
  assert.equal(page.find(".offer b"), null)
})

test("a long text takes eight lines and not the whole page", async () => {
  const page = await ready()
  await page.show({ text: "line\n".repeat(50) })
  assert.equal(Number(page.find("textarea").rows), 8)
})

test("a screen reader names the group by its reason and the text by its field; two copies do not share names", async () => {
  const page = await ready()
  const offers = await page.show()
  await page.show({ reason: "It was deleted.", label: "Cost" })
  const named = [...page.document.querySelectorAll(".offer")].map((offer) => [
    offer.getAttribute("role"),
    page.document.getElementById(offer.getAttribute("aria-labelledby")).textContent,
    offer.querySelector(`label[for="${offer.querySelector("textarea").id}"]`).textContent,
  ])
  assert.equal(offers.length, 1)
  assert.deepEqual(named, [["group", "It was closed.", "Why"], ["group", "It was deleted.", "Cost"]])
})

test("if its field is gone the copy stands at the top of the page, even without a main part", async () => {
  for (const place of [() => null, () => document.createElement("kw-field")]) {
    const page = await ready()
    await page.show({ place })
    assert.equal(page.find("main").firstChild.className, "offer")
  }
  const bare = await ready("<p>Bins</p>")
  await bare.show({ place: () => null })
  assert.equal(bare.document.body.firstChild.className, "offer")
})

test("a live update that replaces the field does not take the copy away", async () => {
  const page = await ready()
  await page.show()
  page.find("#f-7-why").outerHTML = `<kw-field id="f-7-why"></kw-field>`
  assert.equal(page.find(".offer"), null)
  page.swapped()
  assert.equal(page.find("#f-7-why > .offer textarea").value, "Money")
  page.find("#f-7-why").remove()
  page.swapped()
  assert.equal(page.find("main").firstChild.className, "offer")
})

test("a copy that is still there stays where it is on a live update", async () => {
  const page = await ready()
  const [offer] = await page.show()
  const other = page.find("#f-7-why").appendChild(document.createElement("p"))
  page.swapped()
  assert.equal(offer.nextSibling, other)
  assert.equal(page.document.querySelectorAll(".offer").length, 1)
})

test("dismissed, it goes for good, and whoever stored the text is told once", async () => {
  const page = await ready()
  let done = 0
  await page.show({ done: () => done++ })
  assert.equal(done, 0)
  page.find(".offer-done").click()
  page.swapped()
  assert.equal(page.find(".offer"), null)
  assert.equal(done, 1)
})

test("dismissing one copy leaves the others", async () => {
  const page = await ready()
  await page.show()
  const [first] = await page.show({ text: "Time" })
  first.querySelector(".offer-done").click()
  page.swapped()
  assert.deepEqual([...page.document.querySelectorAll("textarea")].map(({ value }) => value), ["Time"])
})

test("copying takes the whole text and says so", async () => {
  const page = await ready()
  await page.show({ text: "Money\nand time" })
  page.find(".offer-copy").click()
  await settled()
  assert.deepEqual(page.copied, ["Money\nand time"])
  assert.equal(page.find(".offer-copy").textContent, "Copied")
})

for (const [what, clipboard] of [
  ["on an address without https", undefined],
  ["where the browser forbids it", { writeText: () => Promise.reject(new DOMException("denied")) }],
]) {
  test(`${what} the selected text is copied the old way`, async () => {
    const page = await ready()
    page.clipboard = clipboard
    const commands = []
    page.document.execCommand = (command) => commands.push([command, box.selectionEnd - box.selectionStart])
    await page.show()
    const box = page.find("textarea")
    page.find(".offer-copy").click()
    await settled()
    assert.deepEqual(commands, [["copy", "Money".length]])
    assert.equal(page.find(".offer-copy").textContent, "Copied")
  })
}

test("a refusal without text shows the reason alone", async () => {
  const page = await ready()
  await page.show({ text: "" })
  assert.deepEqual([...page.find(".offer").children].map(({ className, textContent }) => className + textContent), ["It was closed.", "offer-done plainDone"])
})
