// The CSRF token of a page, and the person it belongs to.

import assert from "node:assert/strict"
import { test } from "node:test"
import { open, settled } from "../page.mjs"

const FORM = `<form><input type="hidden" name="csrf_token" value="token"></form>`

async function ready() {
  const page = open(FORM)
  const tokens = () => [page.document.querySelector("meta[name=csrf-token]").content, page.document.querySelector("input").value]
  return Object.assign(page, await page.load("form-token.js"), { tokens })
}

test("a fresh token goes into the page and into every form", async () => {
  const page = await ready()
  page.renewToken()
  await page.request("/login/form").answer(200, "", { "X-CSRFToken": "new" })
  assert.deepEqual(page.tokens(), ["new", "new"])
})

test("while nobody is signed in the forms keep theirs, which says whose they are", async () => {
  const page = await ready()
  page.renewToken()
  await page.request("/login/form").answer(200, `<form><input name="csrf_token" value="anybody's"></form>`, { "X-Person": null })
  assert.deepEqual(page.tokens(), ["anybody's", "token"])
})

test("an answer without a token changes none", async () => {
  const page = await ready()
  page.renewToken()
  await page.request("/login/form").answer(200)
  assert.deepEqual(page.tokens(), ["token", "token"])
})

test("words of one person are not sent as another's: they get a page of their own", async () => {
  const page = await ready()
  assert.equal(page.applyToken(new Response("", { headers: { "X-Person": "4", "X-CSRFToken": "theirs" } })), false)
  assert.equal(page.reloads, 1)
  assert.deepEqual(page.tokens(), ["token", "token"])
  assert.equal(page.applyToken(new Response("", { headers: { "X-Person": "3", "X-CSRFToken": "mine" } })), true)
  assert.equal(page.reloads, 1)
  assert.deepEqual(page.tokens(), ["mine", "mine"])
})

for (const [what, end, signedIn, reloads] of [
  ["the same person has signed in", (request) => request.answer(200, "", { "X-CSRFToken": "new" }), true, 0],
  ["another person has signed in", (request) => request.answer(200, "", { "X-CSRFToken": "new", "X-Person": "4" }), false, 1],
  ["there is no network", (request) => request.fail(), false, 0],
]) {
  test(`whether another tab has signed in: ${what}`, async () => {
    const page = await ready()
    const answer = page.signedInElsewhere()
    await end(page.request("/login/form"))
    assert.equal(await answer, signedIn)
    assert.equal(page.reloads, reloads)
    await settled()
  })
}
