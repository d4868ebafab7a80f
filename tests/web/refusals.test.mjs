// Why the server refused a change, as one message for the user.

import assert from "node:assert/strict"
import { test } from "node:test"
import { open } from "../page.mjs"

const words = { "offer.refused": "This could not be saved." }
const ERROR = { "HX-Retarget": "#flashes" }

async function ready() {
  const { refusal } = await open("", { words }).load("refusals.js")
  return (status, html, headers = {}) => refusal(new Response(null, { status, headers }), html)
}

test("an accepted change has no reason, whatever its response shows", async () => {
  const refusal = await ready()
  assert.equal(refusal(200, `<p class="error">An older message.</p>`), "")
  assert.equal(refusal(204, ""), "")
})

test("a refused value has the reason that stands at its field", async () => {
  const refusal = await ready()
  const field = `<kw-field id="f-7-cost"><input value="x"><p class="error">\n  Please enter a <b>number</b>. </p></kw-field>`
  assert.equal(refusal(422, field), "Please enter a number.")
})

test("a request refused as a whole has the reason of the error message, on one line", async () => {
  const refusal = await ready()
  const html = `<p class="flash">\n  Closed for\n  editing.\n</p>`
  assert.equal(refusal(423, html, ERROR), "Closed for editing.")
  assert.notEqual(refusal(423, html), "Closed for editing.", "a part of the page is no error message")
})

test("two values side by side are a conflict for an editor to resolve, and no refusal", async () => {
  const refusal = await ready()
  const conflict = `<div class="conflict"><p class="error">Two values.</p></div>`
  assert.equal(refusal(409, conflict), "")
  assert.equal(refusal(422, conflict), "Two values.", "only with the status of a conflict")
  assert.equal(refusal(409, `<p class="error">The row is gone.</p>`), "The row is gone.")
})

test("a refusal without a reason says at least that nothing was saved", async () => {
  const refusal = await ready()
  for (const [status, html, headers] of [[404, ""], [422, "<kw-field></kw-field>"], [409, "<p>Two</p>"], [403, " ", ERROR]]) {
    assert.equal(refusal(status, html, headers), "This could not be saved.")
  }
})
