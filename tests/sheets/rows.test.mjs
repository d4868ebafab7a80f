// Adding, moving and deleting rows without leaving the page.

import assert from "node:assert/strict"
import { test } from "node:test"
import { open, settled } from "../page.mjs"
import { forms, row, rowForm } from "../sheet-page.mjs"

/** A table whose rows are open, so that their tools are there. */
const list = (rev, ...names) => `<section id="rows" class="rows" data-topic="measure:7" data-rev="${rev}"><table><tbody>
  ${names.map((name) => row(name, rev, { text: name })).join("")}</tbody></table>
  <form class="row-add" action="/rows"><input type="text" name="text" value="Dig"><input type="hidden" name="csrf_token" value="token"><button>Add</button></form></section>`
const answered = (rev, ...names) => list(rev, ...names) + forms(...names.map((name) => rowForm(name, rev, { text: name })))

async function ready(body = list(1, "a", "b")) {
  const page = open(`${body}<div id="flashes"></div><button id="other"></button>`)
  const [, rows, { saveStatus }, storeAccess] = await Promise.all(
    ["connection.js", "rows.js", "save-status.js", "store/store-access.js", "unsaved-copy.js", "fields.js", "pens.js"].map(page.load),
  )
  rows.startRows()
  const { swap } = await page.load("swap.js")
  const { openPlace } = await page.load("pens.js")
  const names = [...page.document.querySelectorAll("[data-row]")].map(({ dataset }) => dataset.row)
  swap(forms(...names.map((name) => rowForm(name, 1, { text: name }))))
  for (const name of names) await openPlace(page.document.getElementById(`row-${name}`), { focus: false })
  const submit = async (selector, by) => {
    const form = page.document.querySelector(selector)
    const submitter = by ? form.querySelector(by) : form.querySelector("button")
    submitter.focus()
    const event = Object.assign(new Event("submit", { bubbles: true, cancelable: true }), { submitter })
    form.dispatchEvent(event)
    await settled()
    return event.defaultPrevented
  }
  const kept = () => [...storeAccess.plans.values()].map((plan) => plan.make?.()).filter(Boolean)
  return Object.assign(page, { submit, saveStatus, kept, ...rows, focus: () => page.document.activeElement })
}

test("a new row has its name before it is sent, so that sending it twice adds one", async () => {
  const page = await ready()
  assert.equal(await page.submit(".row-add"), true)
  const [{ url, body }] = page.requests
  assert.equal(url, "/rows")
  assert.match(body.get("id"), /^[0-9a-f-]{36}$/)
  assert.equal(body.get("text"), "Dig")
  await page.requests[0].fail()
  assert.equal(page.kept()[0].body.includes(body.get("id")), true)
  assert.deepEqual(page.kept()[0].words, [{ label: "Add", text: "Dig" }])
})

test("what is no quiet form goes the browser's way, and what somebody else has seen to too", async () => {
  const page = await ready(`<form id="plain" action="/x"><button>Go</button></form>${list(1)}`)
  assert.equal(await page.submit("#plain"), false)
  page.document.querySelector(".row-add").addEventListener("submit", (event) => event.preventDefault())
  await page.submit(".row-add")
  assert.deepEqual(page.requests, [])
})

test("a button's own address goes before the form's, and its name is what was done", async () => {
  const page = await ready()
  await page.submit("#row-a form[data-quiet]", ".row-delete")
  assert.equal(page.requests[0].url, "/rows/a/delete")
  assert.equal(page.kept()[0].words[0].label, "Delete row")
  assert.equal(page.requests[0].body.has("id"), false)
})

test("after a deleted row the person is at its neighbour, and after the last at the way to a new one", async () => {
  const page = await ready()
  await page.submit("#row-a form[data-quiet]", ".row-delete")
  await page.requests[0].answer(200, answered(2, "b"))
  assert.equal(page.focus().closest("[data-row]")?.id, "row-b")
  assert.equal(page.focus().className, "row-delete")
  await page.submit("#row-b form[data-quiet]", ".row-delete")
  await page.requests[1].answer(200, answered(3))
  assert.equal(page.focus().closest("form")?.className, "row-add")
})

test("a row that was moved while it was open is open again, with the focus on the same button", async () => {
  const page = await ready()
  await page.submit("#row-b form[data-quiet]", ".row-up")
  await page.requests[0].answer(200, answered(2, "b", "a"))
  const row = page.document.getElementById("row-b")
  assert.equal(row.hasAttribute("data-open"), true)
  assert.ok(page.focus() === row.querySelector(".row-up"))
})

test("who has gone elsewhere meanwhile stays there", async () => {
  const page = await ready()
  await page.submit("#row-a form[data-quiet]", ".row-delete")
  page.document.getElementById("other").focus()
  await page.requests[0].answer(200, answered(2, "b"))
  assert.equal(page.focus().id, "other")
})

test("a new row begins at its first control", async () => {
  const page = await ready()
  await page.submit(".row-add")
  const name = page.requests[0].body.get("id")
  await page.requests[0].answer(201, answered(2, "a", "b", name))
  assert.equal(page.focus().closest("[data-row]")?.id, `row-${name}`)
})

test("a change that was not taken is offered with its words, until its writer has seen to it", async () => {
  const page = await ready()
  await page.submit(".row-add")
  await page.requests[0].answer(403, "<p>You may not.</p>", { "HX-Retarget": "#flashes" })
  await settled()
  assert.equal(page.document.querySelector(".offer textarea").value, "Dig")
  assert.equal(page.kept()[0].stuck, "You may not.")
  page.document.querySelector(".offer-done").click()
  assert.deepEqual(page.kept(), [])
})

test("a change without words that a lock refused is said once; one with words is offered", async () => {
  const page = await ready()
  await page.submit("#row-a form[data-quiet]", ".row-up")
  await page.requests[0].answer(423, `<p class="flash">It is closed.</p>`)
  assert.equal(page.document.getElementById("flashes").textContent, "It is closed.")
  assert.equal(page.document.querySelector(".offer"), null)
  assert.deepEqual(page.kept(), [])
  await page.submit(".row-add")
  await page.requests[1].answer(423, "It is closed.")
  await settled()
  assert.equal(page.document.querySelector(".offer textarea").value, "Dig")
  assert.equal(page.kept()[0].closed, true)
})

test("an answer with the reasons comes into the page, and moves nobody", async () => {
  const page = await ready()
  await page.submit(".row-add")
  await page.requests[0].answer(422, answered(1, "a").replace("</section>", `<p class="error">Too long.</p></section>`))
  assert.equal(page.document.querySelector(".error").textContent, "Too long.")
  assert.equal(page.document.querySelector(".offer"), null)
  assert.equal(page.saveStatus.count, 0)
})

test("an answer may ask for the whole page anew", async () => {
  const page = await ready()
  await page.submit("#row-a form[data-quiet]")
  await page.requests[0].answer(204, "", { "HX-Refresh": "true" })
  assert.equal(page.reloads, 1)
})

test("a row that was drawn to its place by pointer goes the same way", async () => {
  const page = await ready()
  page.sendChange(page.document.getElementById("row-b"), "/rows/b/move", { to: "0" })
  await settled()
  assert.equal(`${page.requests[0].body}`, "to=0&csrf_token=token")
  await page.requests[0].answer(200, answered(2, "b", "a"))
  assert.deepEqual([...page.document.querySelectorAll("[data-row]")].map(({ id }) => id), ["row-b", "row-a"])
})

test("a row that was added without a connection opens only for who still waits for it", async () => {
  const page = await ready()
  await page.submit(".row-add")
  await page.submit(".row-add")
  const input = page.document.querySelector("#row-a input[name=value]")
  input.focus()
  const first = page.requests[0].body.get("id")
  await page.requests[0].answer(201, answered(2, "a", "b", first))
  assert.ok(page.focus() === input)
  assert.equal(page.document.getElementById(`row-${first}`).hasAttribute("data-open"), false)
})

test("who types on in a row that is being moved goes on there, with the words", async () => {
  const page = await ready()
  await page.submit("#row-b form[data-quiet]", ".row-up")
  const input = page.document.querySelector("#row-b input[name=value]")
  input.focus()
  input.value = "dig deeper"
  input.dispatchEvent(new Event("input", { bubbles: true }))
  await page.requests[0].answer(200, answered(2, "b", "a"))
  assert.deepEqual([...page.document.querySelectorAll("[data-row]")].map(({ id }) => id), ["row-b", "row-a"])
  assert.ok(page.focus() === input)
  assert.equal(input.value, "dig deeper")
  assert.ok(page.document.getElementById("row-b").contains(input))
})

test("a new row takes nothing away that is typed in another", async () => {
  const page = await ready()
  const input = page.document.querySelector("#row-a input[name=value]")
  input.focus()
  input.value = "dig deeper"
  input.dispatchEvent(new Event("input", { bubbles: true }))
  await page.submit(".row-add")
  // The words are sent first, and refused for now.
  await page.request("/items/7/c-a-text").answer(422, list(1, "a", "b"))
  const { body, answer } = page.request("/rows")
  page.document.querySelector("#row-b input[name=value]").value = "dig on"
  page.document.querySelector("#row-b input[name=value]").dispatchEvent(new Event("input", { bubbles: true }))
  await answer(201, answered(2, "a", "b", body.get("id")))
  assert.equal(page.document.querySelector("#row-b input[name=value]").value, "dig on")
  assert.equal(page.document.querySelector("#row-a input[name=value]").value, "dig deeper")
})

test("a row that was closed while its move waited stays closed", async () => {
  const page = await ready()
  const { closeRow } = await page.load("sheet-forms.js")
  await page.submit("#row-b form[data-quiet]", ".row-up")
  page.document.getElementById("other").focus()
  closeRow(page.document.getElementById("row-b"))
  await page.requests[0].answer(200, answered(2, "b", "a"))
  assert.equal(page.document.getElementById("row-b").hasAttribute("data-open"), false)
  assert.equal(page.focus().id, "other")
})

test("a row that has become the first cannot be moved up any more, and the focus stays in it", async () => {
  const page = await ready()
  await page.submit("#row-b form[data-quiet]", ".row-up")
  const first = rowForm("b", 2, { text: "b" }).replace(`aria-label="Up"`, `aria-label="Up: 1" disabled`)
  await page.requests[0].answer(200, list(2, "b", "a") + forms(first, rowForm("a", 2, { text: "a" })))
  const up = page.document.querySelector("#row-b .row-up")
  assert.equal(up.disabled, true)
  assert.equal(up.getAttribute("aria-label"), "Up: 1")
  assert.ok(page.focus().matches("#row-b .row-done"))
})

test("after a row was brought back it has the focus, wherever else a row can be brought back", async () => {
  const page = await ready()
  const undo = `<tr class="note-row"><td><form name="row-c" action="/rows/c/restore" data-quiet><button class="row-undo">Undo</button></form></td></tr>`
  const elsewhere = `<section id="other-rows"><table><tbody>${undo.replaceAll("row-c", "row-z")}</tbody></table></section>`
  page.document.body.insertAdjacentHTML("beforeend", elsewhere)
  await page.submit("#row-a form[data-quiet]", ".row-delete")
  await page.requests[0].answer(200, answered(2, "b").replace("<tbody>", `<tbody>${undo}`))
  assert.equal(page.focus().form.name, "row-c")
  await page.submit("form[name=row-c]")
  await page.requests[1].answer(200, list(3, "c", "b"))
  assert.equal(page.focus().closest("[data-row]")?.id, "row-c")
})

test("who has chosen one of two values is at the field, or at the row of the cell", async () => {
  const conflict = (id) => `<div class="conflict" id="${id}-two"><form action="/conflicts/5" data-settle><button name="take" value="0">100</button></form></div>`
  const cost = (rev, more = "") => `<kw-field id="f-cost" data-rev="${rev}"><a class="pen" href="/f">Edit</a>${more}</kw-field>`
  const sheet = (rev, atField = "", atCell = "") => `<section id="all" data-rev="${rev}">${cost(rev, atField)}<table><tbody>${row("a", rev, { text: "a" })}
    ${atCell && `<tr class="note-row" id="c-a-text-note"><td>${atCell}</td></tr>`}</tbody></table><form class="row-add" action="/rows"><button>Add</button></form></section>`
  const page = await ready(sheet(1, conflict("f-cost"), conflict("c-a-text")))
  page.document.querySelector("#row-a .row-done").click()
  await settled()
  await page.submit("#f-cost-two form")
  await page.requests[0].answer(200, sheet(2, "", conflict("c-a-text")))
  assert.equal(page.focus().closest("kw-field")?.id, "f-cost")
  await page.submit("#c-a-text-two form")
  await page.requests[1].answer(200, sheet(3))
  assert.equal(page.focus().closest("[data-row]")?.id, "row-a")
})

test("who presses twice while a row is being added gets one row, and another press later adds another", async () => {
  const page = await ready()
  await page.submit(".row-add")
  await page.submit(".row-add")
  await page.requests[0].answer(201, answered(2, "a", "b", page.requests[0].body.get("id")))
  assert.equal(page.requests.length, 1)
  await page.submit(".row-add")
  assert.equal(page.requests.length, 2)
})

test("whoever is on Undo when others change the table is at its first row, and not on another button", async () => {
  const page = await ready()
  const undo = `<tr class="note-row"><td><form name="row-c" action="/rows/c/restore" data-quiet><button class="row-undo">Undo</button></form></td></tr>`
  await page.submit("#row-a form[data-quiet]", ".row-delete")
  await page.requests[0].answer(200, answered(2).replace("<tbody>", `<tbody>${undo}`))
  assert.equal(page.focus().className, "row-undo")
  const { swap } = await page.load("swap.js")
  swap(answered(3, "d", "e"))
  assert.equal(page.focus().closest("tr")?.id, "row-d")
  assert.equal(page.focus().className, "pen")
})
