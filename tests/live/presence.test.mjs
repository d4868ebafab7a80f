// Presence: what a page sends about its user, and how it shows others.

import assert from "node:assert/strict"
import { test } from "node:test"
import { open, pass, settled } from "../page.mjs"
import { row } from "../sheet-page.mjs"

const BODY = `<div id="people" hidden></div><b data-people-item="measure:7"></b><b data-people-item="goal:1"></b>
  <kw-field id="f-cost"><input></kw-field><kw-text id="t-why" lang="en"><textarea></textarea></kw-text><button id="other"></button>`
const WORDS = { "people.item": "{names} here", "people.field.one": "{names} is", "people.field.many": "{names} are" }
const person = (id, name, more = {}) => ({ id, name, side: "de", place: "Town", item: "measure:7", ...more })
const ME = person(1, "Jan")
const ANA = person(2, "Ana", { side: "partner", place: "Accra", field: "f-cost" })
const BEN = person(3, "Ben", { field: "f-cost" })

async function ready(people = [ME, ANA, BEN], programme = "5") {
  const page = open(BODY, { words: WORDS })
  Object.assign(page.document.body.dataset, { side: "de", item: "measure:7", ...(programme && { programme }) })
  const [{ connection }, presence] = await Promise.all(["connection.js", "presence.js"].map(page.load))
  connection.start("/socket.io")
  presence.startPresence()
  await page.socket.online()
  const answer = async () => {
    page.socket.sent.findLast(({ event }) => event === "here")?.answer({ ok: true, me: 1, people })
    await settled()
  }
  await answer()
  const text = (selector) => page.document.querySelector(selector)?.textContent
  return Object.assign(page, { text, answer, ...presence, tell: (news) => page.socket.receive("people", { programme: 5, people: news }) })
}

test("who opens a page says where they are and hears of the others", async () => {
  const page = await ready()
  assert.deepEqual(page.socket.all("watch"), [{ topics: ["programme:5"] }])
  assert.deepEqual(page.socket.all("here"), [{ programme: 5, item: "measure:7" }])
})

test("a page of no programme tells nobody of anybody", async () => {
  const page = await ready([], "")
  assert.deepEqual(page.socket.sent, [])
})

test("who is in a cell of a row that is not open here is shown at the row's name, and leaves", async () => {
  const page = await ready()
  const { swap } = await page.load("swap.js")
  page.document.body.insertAdjacentHTML("beforeend", `<section id="rows"><table>${row("a", 1, { what: "Dig" })}</table></section>`)
  await page.tell([ME, { ...ANA, field: "c-a-what" }])
  assert.equal(page.text("#row-a > :first-child > .field-people"), "Ana is")
  assert.equal(page.document.querySelectorAll(".field-people:not([hidden])").length, 1)
  swap(`<section id="rows"><table>${row("a", 2, { what: "Fill" })}</table></section>`)
  await settled()
  assert.equal(page.text("#row-a > :first-child > .field-people"), "Ana is")
  assert.equal(page.document.querySelectorAll(".field-people:not([hidden])").length, 1)
  await page.tell([ME])
  assert.equal(page.document.querySelectorAll(".field-people:not([hidden])").length, 0)
})

test("each municipality stands once, one's own first", async () => {
  const page = await ready([ANA, ME, BEN])
  assert.deepEqual([...page.document.querySelectorAll(".people-place")].map((line) => line.textContent), ["Town: Jan, Ben", "Accra: Ana"])
  assert.equal(page.document.getElementById("people").hidden, false)
  await page.tell([])
  assert.equal(page.document.getElementById("people").hidden, true)
})

test("in the outline and at fields stand the others, not oneself", async () => {
  const page = await ready([{ ...ME, field: "f-cost" }, ANA, BEN])
  assert.equal(page.text("[data-people-item='measure:7']"), "Ana, Ben here")
  assert.equal(page.document.querySelector("[data-people-item='goal:1']").hidden, true)
  assert.equal(page.text("#f-cost > .field-people"), "Ana, Ben are")
  await page.tell([ME, ANA])
  assert.equal(page.text("#f-cost > .field-people"), "Ana is")
  await page.tell([ME, { ...ANA, field: "t-why" }])
  assert.equal(page.document.querySelector("#f-cost > .field-people").hidden, true)
  assert.equal(page.text("#t-why > .field-people"), "Ana is")
  await page.tell([ME])
  assert.equal(page.text("#t-why > .field-people"), "")
  assert.equal(page.text("[data-people-item='measure:7']"), "")
})

test("a name is text and never HTML, and a field that is none gets no line", async () => {
  const page = await ready([ME, { ...ANA, name: "<img id=bad>", field: "other" }])
  assert.equal(page.document.getElementById("bad"), null)
  assert.match(page.text("#people"), /<img id=bad>/)
  assert.equal(page.text("#other"), "")
})

test("word of another programme changes nothing", async () => {
  const page = await ready()
  await page.socket.receive("people", { programme: 6, people: [] })
  assert.match(page.text("#people"), /Ana/)
})

test("many moves are told once, with the place where they ended", async () => {
  const page = await ready()
  page.document.querySelector("#f-cost input").focus()
  await pass(200)
  page.document.querySelector("#t-why textarea").focus()
  await pass(100)
  assert.equal(page.socket.all("here").length, 1)
  await pass(200)
  assert.deepEqual(page.socket.all("here").slice(1), [{ programme: 5, item: "measure:7", field: "t-why", lang: "en" }])
  page.document.querySelector("#f-cost input").focus()
  await pass(500)
  assert.deepEqual(page.socket.all("here")[2], { programme: 5, item: "measure:7", field: "f-cost" })
})

test("a hidden page tells nothing, and where it is once it is looked at", async () => {
  const page = await ready()
  page.hide(true)
  await pass(1_000)
  assert.equal(page.socket.all("here").length, 1)
  page.hide(false)
  await pass(500)
  assert.equal(page.socket.all("here").length, 2)
})

test("without a connection nobody is here, and all are again afterwards", async () => {
  const page = await ready()
  await page.socket.offline()
  assert.equal(page.document.getElementById("people").hidden, true)
  await page.socket.online("page-2")
  await page.answer()
  assert.match(page.text("#people"), /Ana/)
})

test("what was drawn anew shows again who is there, and names the way that is asked for", async () => {
  const page = await ready()
  page.document.querySelector(".field-people").remove()
  page.document.dispatchEvent(new CustomEvent("kw:swapped"))
  await settled()
  assert.equal(page.text("#f-cost > .field-people"), "Ana, Ben are")
  page.drawNames(({ name, id }) => `${name}${page.isMe({ id }) ? " (you)" : ""}`)
  assert.match(page.text("#people"), /Jan \(you\), Ben/)
})

test("at a name in the head stands the code of the measure where they are; its title is read aloud and shown on hover", async () => {
  const page = await ready([ME])
  page.document.body.insertAdjacentHTML("beforeend", `<nav class="outline">
    <a href="/goals/1"><span class="code">WA</span> <span lang="de">Wasser</span><span class="count">2</span></a>
    <a href="/measures/8"><svg class="pie"></svg><span lang="en"><span class="code">WA-02</span> Trees
      <span class="unseen" lang="de"> (Entwurf)</span></span><span class="count">3</span></a></nav>`)
  const { startPresenceLinks } = await page.load("presence-links.js")
  startPresenceLinks()
  await page.tell([ME, { ...ANA, item: "measure:8", field: undefined }, { ...BEN, item: "goal:1", field: undefined }])
  const link = (path) => page.document.querySelector(`#people a[href="${path}"]`)
  const seen = (path) => [...link(path).querySelectorAll(".people-at > *")].map(({ className, textContent, lang }) => [className, textContent, lang])
  assert.deepEqual(seen("/measures/8"), [["code", "WA-02", ""], ["unseen", "Trees", "en"]])
  assert.deepEqual(seen("/goals/1"), [["code", "WA", ""], ["unseen", "Wasser", "de"]])
  assert.deepEqual([link("/measures/8").title, link("/measures/8").textContent], ["WA-02 Trees", "Ana WA-02 Trees"])
})

test("who writes in the language that this page does not show is named at the switch", async () => {
  const page = await ready([ME])
  page.document.body.insertAdjacentHTML("beforeend", `<p><a href="?show=en" data-show-language="en">English</a></p><div class="notice elsewhere"></div>`)
  page.document.getElementById("t-why").dataset.part = "en"
  await page.tell([ME, { ...ANA, field: "t-why" }])
  assert.equal(page.text(".writes-elsewhere"), "English: Ana is")
  assert.equal(page.text(".notice"), "")
  await page.tell([ME])
  assert.ok(!page.document.querySelector(".writes-elsewhere"))
})
