// Replacing parts of the page by newer HTML, never under the user's caret.

import assert from "node:assert/strict"
import { test } from "node:test"
import { open, pass, settled } from "../page.mjs"
import { field, form, forms } from "../sheet-page.mjs"

/** The forms of the fields, as they come with an answer. */
const both = (rev, { cost = "100", why = "because" } = {}) => forms(form("f-cost", rev, cost), form("f-why", rev, why))
const sheet = (rev, { cost = "100", why = "because", title = "Bins", more = "" } = {}) =>
  `<section id="sheet" data-rev="${rev}"><h2>${title}</h2>${field("cost", rev, cost)}${field("why", rev, why)}${more}</section>`
const answer = (rev, parts) => sheet(rev, parts) + both(rev, parts)

/** A page with the sheet, whose fields are open unless `closed`. */
async function shown(body = sheet(1), { closed = false } = {}) {
  const page = open(body)
  await page.load("fields.js")
  const [{ swap, setLockRefresh }] = await Promise.all(["swap.js", "sheet-forms.js"].map(page.load))
  const get = (id) => page.document.getElementById(id)
  swap(both(get("sheet")?.dataset.rev ?? 1))
  if (!closed) for (const host of page.document.querySelectorAll("kw-field")) await host.open({ focus: false })
  const input = (name) => get(`f-${name}`).querySelector("input")
  const value = (name) => get(`f-${name}`).querySelector(".value").textContent
  const type = (name, value) => {
    input(name).focus()
    input(name).value = value
    input(name).dispatchEvent(new Event("input", { bubbles: true }))
  }
  return Object.assign(page, { swap, setLockRefresh, get, input, value, type })
}

test("a fragment that arrives while a field of it is being typed in does not take the words away", async () => {
  const page = await shown()
  page.type("cost", "150")
  const before = page.input("cost")
  assert.deepEqual(page.swap(answer(2, { cost: "200", why: "since", title: "Bins and bags" })), { skipped: false })
  assert.equal(page.input("cost"), before)
  assert.equal(before.value, "150")
  assert.equal(page.document.activeElement, before)
  assert.equal(page.get("f-cost-form").dataset.rev, "1") // what the words are based on
  // Everything around it is new.
  assert.equal(page.input("why").value, "since")
  assert.equal(page.document.querySelector("h2").textContent, "Bins and bags")
  assert.equal(page.value("cost"), "200")
  assert.equal(page.get("f-cost").hasAttribute("data-dirty"), true) // leaving the page asks, a lock keeps the words
  assert.equal(page.get("f-cost-form").hasAttribute("hx-morph-skip"), false)
  // Once the words are taken back and the field is left, nothing is owed.
  before.value = "100"
  before.blur()
  await pass(100)
  await page.get("f-cost").open()
  assert.equal(page.input("cost").value, "200")
})

test("words that were typed stay also when the person is elsewhere", async () => {
  const page = await shown()
  page.type("cost", "150")
  page.input("why").focus()
  assert.deepEqual(page.swap(answer(2, { cost: "200" })), { skipped: false })
  assert.equal(page.input("cost").value, "150")
  assert.equal(page.get("f-cost-form").dataset.rev, "1")
})

test("a field that somebody is in stays as they saw it, so that what they type is compared with that; left, it is new", async () => {
  const page = await shown()
  page.input("cost").focus()
  assert.deepEqual(page.swap(answer(2, { cost: "200" })), { skipped: false })
  assert.equal(page.input("cost").value, "100")
  assert.equal(page.get("f-cost-form").dataset.rev, "1")
  assert.equal(page.value("cost"), "200")
  page.get("f-cost").catchUp()
  assert.equal(page.input("cost").value, "100")
  page.input("why").focus()
  page.get("f-cost").catchUp()
  assert.equal(page.input("cost").value, "200")
})

for (const [what, form] of [
  ["a comment", (words) => `<form id="new-7"><textarea name="words">${words}</textarea></form>`],
  ["a reason", (words) => `<details id="settle-7" open><textarea name="words">${words}</textarea></details>`],
]) {
  test(`${what} that somebody is writing stays, and goes once they have left it`, async () => {
    const page = await shown(sheet(1, { more: form("") }))
    const words = () => page.document.querySelector("textarea")
    const before = words()
    before.focus()
    page.swap(sheet(2, { more: form("theirs"), title: "New" }))
    assert.equal(words(), before)
    assert.equal(words().textContent, "")
    assert.equal(page.document.querySelector("h2").textContent, "New")
    before.blur()
    page.swap(sheet(2, { more: form("theirs") }))
    assert.equal(words().textContent, "theirs")
  })

  test(`${what} that can only be read does not keep newer HTML away`, async () => {
    const page = await shown(sheet(1, { more: form("") }))
    page.document.querySelector("textarea").readOnly = true
    page.document.querySelector("textarea").focus()
    page.swap(sheet(2, { more: form("theirs") }))
    assert.equal(page.document.querySelector("textarea").textContent, "theirs")
  })
}

test("nothing is owed of a field whose value did not change meanwhile", async () => {
  const page = await shown()
  page.type("cost", "150")
  assert.deepEqual(page.swap(sheet(2).replace(field("cost", 2, "100"), field("cost", 1, "100"))), { skipped: false })
  assert.equal(page.input("cost").value, "150")
})

test("that a field cannot be opened any more takes no words from who types in it", async () => {
  const page = await shown()
  page.type("cost", "150")
  const closed = sheet(2).replace(field("cost", 2, "100"), field("cost", 1, "100", { pen: "" }))
  page.swap(closed)
  assert.equal(page.get("f-cost").querySelector(".pen"), null)
  assert.equal(page.input("cost").value, "150")
})

test("the field that was saved shows the answer, though its writer is still in it", async () => {
  const page = await shown()
  page.type("cost", "150")
  page.get("f-cost").answered = JSON.stringify([["value", "150"]])
  const { skipped } = page.swap(field("cost", 2, "150,00") + forms(form("f-cost", 2, "150,00")), { except: page.get("f-cost") })
  assert.equal(skipped, false)
  assert.equal(page.input("cost").value, "150,00")
  assert.equal(page.get("f-cost").dataset.rev, "2")
  assert.equal(page.document.activeElement, page.input("cost"))
})

test("an answer to one field leaves what is typed in another", async () => {
  const page = await shown()
  page.type("why", "money")
  page.swap(answer(2, { cost: "200", why: "since" }), { except: page.get("f-cost") })
  assert.equal(page.input("why").value, "money")
  assert.equal(page.input("cost").value, "200")
})

test("an answer that a newer one has overtaken changes nothing, and nothing of it is owed", async () => {
  const page = await shown(sheet(3))
  assert.deepEqual(page.swap(sheet(2, { cost: "old", title: "Old" })), { skipped: false })
  assert.equal(page.input("cost").value, "100")
  assert.equal(page.document.querySelector("h2").textContent, "Bins")
})

test("a control that was once typed in shows what the server says now", async () => {
  const page = await shown()
  for (const value of ["150", "100"]) page.input("cost").value = value
  page.swap(answer(2, { cost: "200" }))
  assert.equal(page.input("cost").value, "200")
  for (const value of ["150", "200"]) page.input("cost").value = value
  page.swap(field("cost", 3, "300") + forms(form("f-cost", 3, "300")))
  assert.equal(page.input("cost").value, "300")
})

test("each part goes to its own place, and what the page does not have is left out", async () => {
  const page = await shown(`<p id="a">1</p><p id="b">1</p>`)
  const { skipped } = page.swap(`<p id="b">2</p><p id="c">2</p><p>of no name</p><p id="a">2</p>`)
  assert.equal(skipped, false)
  assert.equal(page.get("a").textContent + page.get("b").textContent, "22")
  assert.equal(page.get("c"), null)
  assert.equal(page.document.body.textContent.includes("of no name"), false)
})

test("whoever follows the page hears of it once, after it is there", async () => {
  const page = await shown(`<p id="a">1</p><p id="b">1</p>`)
  const heard = []
  page.document.addEventListener("kw:swapped", () => heard.push(page.get("a").textContent + page.get("b").textContent))
  page.swap(`<p id="a">2</p><p id="b">2</p>`)
  assert.deepEqual(heard, ["22"])
})

test("one part that is being typed in keeps no other part back, wherever it stands", async () => {
  for (const order of [[0, 1], [1, 0]]) {
    const page = await shown(field("cost", 1, "1") + field("why", 1, "1"))
    page.type("cost", "150")
    const parts = [field("cost", 2, "2"), field("why", 2, "2")]
    assert.deepEqual(page.swap(order.map((i) => parts[i]).join("") + both(2, { cost: "2", why: "2" })), { skipped: false })
    assert.equal(page.input("cost").value, "150")
    assert.equal(page.input("why").value, "2")
  }
})

test("a live text that is open is left as it is, and so is its own mark", async () => {
  const text = (words, mark = "") => `<kw-text id="t-why" ${mark}><p>${words}</p></kw-text>`
  const page = await shown(sheet(1, { more: text("mine", "hx-morph-skip") }))
  page.swap(sheet(2, { more: text("theirs"), title: "New" }))
  assert.equal(page.get("t-why").textContent, "mine")
  assert.equal(page.get("t-why").hasAttribute("hx-morph-skip"), true)
  assert.equal(page.document.querySelector("h2").textContent, "New")
})

for (const [what, mark] of [["a row that is being dragged", "data-dragging"], ["a form with a draft", "data-draft"]]) {
  test(`${what} stays as it is`, async () => {
    const row = (words, mark = "") => `<div id="row-1" ${mark}>${words}</div>`
    const page = await shown(sheet(1, { more: row("mine", mark) }))
    page.swap(sheet(2, { more: row("theirs") }))
    assert.equal(page.get("row-1").textContent, "mine")
    page.get("row-1").removeAttribute(mark)
    page.swap(sheet(2, { more: row("theirs") }))
    assert.equal(page.get("row-1").textContent, "theirs")
  })
}

test("where somebody works and the newer page has nothing, nothing is put, and it stays owed", async () => {
  const page = await shown()
  page.type("cost", "150")
  const without = sheet(2, { title: "New" }).replace(field("cost", 2, "100"), "")
  assert.deepEqual(page.swap(without), { skipped: true })
  assert.equal(page.input("cost").value, "150")
  assert.equal(page.document.querySelector("h2").textContent, "Bins")
})

test("whoever sees to sheets that are closed is given the parts, and each can be put alone", async () => {
  const page = await shown()
  page.type("cost", "150")
  const given = []
  page.setLockRefresh({
    follow: (pairs) => given.push(pairs.map(([{ id }]) => id)),
    parts: (present, newer, held, put) => (given.push(held.map(({ id }) => id)), put(page.get("f-why"), newer.querySelector("#f-why"))),
  })
  const without = sheet(2, { why: "since" }).replace(field("cost", 2, "100"), "")
  assert.deepEqual(page.swap(without), { skipped: false })
  assert.equal(page.value("why"), "since")
  assert.deepEqual(given, [["f-cost-form", "f-why-form"], ["f-why-form"]])
})

const row = (label, more = "") => `<div id="row-1" data-row><button class="row-up" name="up">${label}</button>${more}</div>`
test("a button that was drawn anew is still the button the person is on", async () => {
  for (const button of [`<button id="go">`, `<button name="up">`, `<button class="row-up">`, `<a class="row-up" href="/">`]) {
    const end = button.startsWith("<a") ? "</a>" : "</button>"
    const page = await shown(`<section id="list"><div id="row-1" data-row><b>1</b>${button}Up${end}</div></section>`)
    const before = page.document.querySelector("#row-1 button, #row-1 a")
    before.focus()
    page.swap(`<section id="list"><div id="row-1" data-row>${button.replace(/^<(\w+)/, "<i></i><$1")}Up${end}</div></section>`)
    const after = page.document.querySelector("#row-1 button, #row-1 a")
    assert.equal(page.document.activeElement, after, button)
  }
})

test("a button that comes back as another kind of control keeps the person, too", async () => {
  const page = await shown(`<section id="list"><div id="row-1" data-row><button name="up">Up</button></div></section>`)
  page.document.querySelector("button").focus()
  page.swap(`<section id="list"><div id="row-1" data-row><input type="button" name="up" value="Up"></div></section>`)
  assert.equal(page.document.activeElement, page.document.querySelector("input"))
})

test("what htmx is to see to works also where it has just come into the page", async () => {
  const page = await shown(`<section id="list"></section>`)
  page.swap(`<section id="list"><button data-hx-get="/more">More</button></section>`)
  page.document.querySelector("button").click()
  await settled()
  assert.deepEqual(page.requests.map(({ url }) => url), ["/more"])
})

test("who is on a button that is gone is not put onto another", async () => {
  const page = await shown(`<section id="list">${row("Up")}</section>`)
  page.document.querySelector("button").focus()
  page.swap(`<section id="list"><div id="row-1" data-row><i></i><a class="row-down" href="/">Down</a></div></section>`)
  assert.notEqual(page.document.activeElement?.className, "row-down")
})

test("who is elsewhere stays there", async () => {
  const page = await shown(`<section id="list">${row("Up")}</section><button id="other">Other</button>`)
  page.get("other").focus()
  page.swap(`<section id="list">${row("Upward", "<i></i>")}</section>`)
  assert.equal(page.document.activeElement, page.get("other"))
  await settled()
})

test("words of saving stand at a field again that was drawn anew", async () => {
  const page = await shown()
  const { saveStatus } = await page.load("save-status.js")
  saveStatus.refused("field f-cost", () => page.get("f-cost"))
  page.swap(sheet(2))
  assert.equal(page.get("f-cost").querySelector(".field-state").textContent, "field.refused")
})
