// The current values of a form compared with those that the server drew.

import assert from "node:assert/strict"
import { test } from "node:test"
import { open } from "../page.mjs"

const FORM = `<form id="form">
  <input type="hidden" name="csrf_token" value="secret">
  <input name="amount" value="12">
  <textarea name="why">Two
lines</textarea>
  <select name="priority"><option value="" disabled>-</option><option value="low">Low</option><option value="high">High</option></select>
  <select name="goals" multiple><option value="1" selected>Water</option><option value="2">Soil</option><option value="3">Air</option></select>
  <label>Public <input type="checkbox" name="public" value="yes"></label>
  <label><input type="radio" name="lang" value="de" checked> German</label>
  <label><input type="radio" name="lang" value="en"> English</label>
  <input value="of no name">
</form>`

async function drawn(html = FORM) {
  const page = open(html)
  const form = page.document.querySelector("form")
  const values = await page.load("form-values.js")
  return { form, one: (name, at = 0) => form.querySelectorAll(`[name=${name}]`)[at], ...values }
}

test("a form as the server drew it holds nothing new", async () => {
  const { form, current, original } = await drawn()
  assert.equal(current(form), original(form))
  const pairs = [["amount", "12"], ["why", "Two\nlines"], ["priority", "low"], ["goals", "1"], ["lang", "de"]]
  assert.deepEqual(JSON.parse(current(form)), pairs)
})

const CHANGES = {
  "another number": ({ one }) => (one("amount").value = "13"),
  "more words": ({ one }) => (one("why").value += "!"),
  "another choice of a list": ({ one }) => (one("priority").value = "high"),
  "one more of several": ({ one }) => (one("goals").options[1].selected = true),
  "a mark": ({ one }) => (one("public").checked = true),
  "the other of two": ({ one }) => (one("lang", 1).checked = true),
}
for (const [what, change] of Object.entries(CHANGES)) {
  test(`${what} is something new, and what was drawn is not, once it is back`, async () => {
    const all = await drawn()
    change(all)
    assert.notEqual(all.current(all.form), all.original(all.form))
    all.reset(all.form)
    assert.equal(all.current(all.form), all.original(all.form))
  })
}

test("line ends that only differ in kind are the same words", async () => {
  const { form, one, current, original } = await drawn()
  one("why").value = "Two\r\nlines"
  assert.equal(current(form), original(form))
  one("why").value = "Two\rlines"
  assert.equal(current(form), original(form))
  one("why").value = "Two lines"
  assert.notEqual(current(form), original(form))
})

test("what nobody changed is not touched when a form is brought back", async () => {
  const { form, one, reset } = await drawn()
  const written = []
  for (const name of ["amount", "why"]) {
    const control = one(name)
    const { value } = control
    Object.defineProperty(control, "value", { get: () => value, set: (now) => written.push(now) })
  }
  reset(form)
  assert.deepEqual(written, [])
})

test("what another page left is put into every control", async () => {
  const { form, one, fill } = await drawn()
  fill(form, new URLSearchParams("amount=7&why=A&priority=high&goals=2&goals=3&public=yes&lang=en"))
  assert.equal(one("amount").value, "7")
  assert.equal(one("why").value, "A")
  assert.equal(one("priority").value, "high")
  assert.deepEqual([...one("goals").selectedOptions].map(({ value }) => value), ["2", "3"])
  assert.equal(one("public").checked, true)
  assert.equal(one("lang", 1).checked, true)
})

test("what another page did not tell of stays as it is, and a mark that was taken away goes", async () => {
  const { form, one, fill } = await drawn()
  one("public").checked = true
  fill(form, new URLSearchParams("lang=de"))
  assert.equal(one("amount").value, "12")
  assert.equal(one("public").checked, false)
  assert.equal(one("lang").checked, true)
})

test("a person reads words, not the values that a form sends", async () => {
  const { form, one, readable } = await drawn()
  assert.equal(readable(form), "12 Two\nlines Low Water German")
  one("public").checked = true
  one("amount").value = ""
  assert.equal(readable(form), "Two\nlines Low Water Public German")
})
