// Signing in again in place: one dialog, after a pause in typing, and the page stays as it is.

import assert from "node:assert/strict"
import { test } from "node:test"
import { open, pass, settled } from "../page.mjs"

const words = {
  "relogin.title": "Please sign in again", "relogin.wrong": "E-mail or password is not right.",
  "relogin.later": "Please wait a minute.", "relogin.offline": "No connection.",
}
const FORM = `<form><input name="csrf_token" value="anonymous"></form>`
const PAGE = `<main><textarea id="why">Money</textarea><form id="post"><input name="csrf_token" value="token"></form></main>`

async function ready(data = {}) {
  const page = open(PAGE, { words, data })
  const { signInAgain, onSignedIn } = await page.load("relogin.js")
  page.signedIn = []
  const dialog = () => page.document.querySelector("dialog#relogin")
  const press = () => page.document.dispatchEvent(new KeyboardEvent("keydown", { key: "x" }))
  const ask = (name = "first") => signInAgain().then(() => page.signedIn.push(name))
  /** Nobody is signed in. */
  const signedOut = () => page.request("/login/form").answer(200, FORM, { "X-Person": null })
  const submit = async () => {
    dialog().querySelector("[name=email]").value = "amina@example.org"
    dialog().querySelector("[name=password]").value = "secret"
    dialog().querySelector("[name=password]").focus()
    dialog().querySelector("form").dispatchEvent(new Event("submit", { cancelable: true }))
    await settled()
    await signedOut()
    return page.request("/login")
  }
  return Object.assign(page, { onSignedIn, dialog, press, ask, signedOut, submit, message: () => dialog().querySelector("[role=alert]").textContent })
}

/** A page whose dialog is open. */
async function asked(data) {
  const page = await ready(data)
  page.document.querySelector("#why").focus()
  page.ask()
  await page.signedOut()
  await pass(300)
  return page
}

test("when another tab has signed in already, nothing is asked", async () => {
  const page = await ready()
  page.ask()
  await page.request("/login/form").answer(200, "", { "X-CSRFToken": "new" })
  assert.deepEqual(page.signedIn, ["first"])
  assert.equal(page.dialog(), null)
  assert.equal(page.document.querySelector("#post input").value, "new")
})

test("everything that fails on an ended login shares one dialog", async () => {
  const page = await ready()
  page.ask("first")
  page.ask("second")
  await page.signedOut()
  page.ask("third")
  await pass(300)
  assert.equal(page.document.querySelectorAll("dialog").length, 1)
  assert.equal(page.dialog().open, true)
  assert.deepEqual(page.signedIn, [])
  assert.equal(page.reloads, 0)
  await (await page.submit()).answer(200, "", { "X-CSRFToken": "new" })
  assert.deepEqual(page.signedIn.sort(), ["first", "second", "third"])
})

test("after signing in the page has a new form token, the focus is back, and what was typed is still there", async () => {
  const page = await asked()
  const request = await page.submit()
  assert.deepEqual(Object.fromEntries(request.body), { email: "amina@example.org", password: "secret", csrf_token: "anonymous" })
  await request.answer(200, "", { "X-CSRFToken": "new" })
  assert.equal(page.dialog(), null)
  assert.equal(page.document.querySelector("meta[name=csrf-token]").content, "new")
  assert.equal(page.document.querySelector("#post input").value, "new")
  assert.equal(page.document.activeElement.id, "why")
  assert.equal(page.document.activeElement.value, "Money")
})

test("a later end of the login asks again", async () => {
  const page = await asked()
  await (await page.submit()).answer(200, "", { "X-CSRFToken": "new" })
  page.ask("again")
  await page.signedOut()
  await pass(300)
  assert.equal(page.dialog().open, true)
  assert.deepEqual(page.signedIn, ["first"])
})

test("whoever wants to know is told after each sign-in, until they no longer want to", async () => {
  const page = await ready()
  let told = 0
  const end = page.onSignedIn(() => told++)
  const signIn = async () => (page.ask(), await page.request("/login/form").answer(200, "", { "X-CSRFToken": "new" }))
  await signIn()
  await signIn()
  assert.equal(told, 2)
  end()
  await signIn()
  assert.equal(told, 2)
})

test("what is being typed does not end in the dialog: it opens after a second and a half without a key", async () => {
  const page = await ready()
  page.ask()
  for (let i = 0; i < 4; i++) {
    page.press()
    if (page.request("/login/form")) await page.signedOut()
    await pass(1_000)
    assert.equal(page.dialog(), null)
  }
  await pass(400)
  assert.equal(page.dialog(), null)
  await pass(400)
  assert.equal(page.dialog().open, true)
})

test("who types nothing does not wait", async () => {
  const page = await asked()
  assert.equal(page.dialog().open, true)
})

test("without a connection the dialog comes once its file does", async () => {
  const page = await ready()
  page.file = () => Promise.reject(new TypeError("no network"))
  page.ask()
  await page.request("/login/form").fail()
  await pass(1_000)
  assert.equal(page.dialog(), null)
  page.file = () => new Response()
  await pass(20_000)
  assert.equal(page.dialog().open, true)
})

for (const [what, answer, message] of [
  ["a wrong password", (request) => request.answer(422, `<form><p class="error">Both fields.</p></form>`, { "X-Person": null }), words["relogin.wrong"]],
  ["too many attempts", (request) => request.answer(429, `<p class="error">Please wait\n 40 seconds. </p>`), "Please wait 40 seconds."],
  ["too many attempts without a sentence", (request) => request.answer(429, ""), words["relogin.later"]],
  ["a server under maintenance", (request) => request.answer(503, `<p class="error">Back at noon.</p>`), "Back at noon."],
  ["a server that fails", (request) => request.answer(500, `<p class="flash error">It went wrong.</p>`), "It went wrong."],
  ["a proxy without a server", (request) => request.answer(502, "<h1>Bad gateway</h1>"), words["relogin.offline"]],
  ["no connection", (request) => request.fail(), words["relogin.offline"]],
]) {
  test(`${what} is said in the dialog, which stays with the e-mail address and an empty password`, async () => {
    const page = await asked()
    await answer(await page.submit())
    assert.equal(page.message(), message)
    assert.equal(page.dialog().open, true)
    const [email, password] = page.dialog().querySelectorAll("input")
    assert.deepEqual([email.value, password.value], ["amina@example.org", ""])
    assert.equal(page.document.activeElement, password)
    assert.deepEqual(page.signedIn, [])
  })
}

test("after a wrong password the right one signs in", async () => {
  const page = await asked()
  await (await page.submit()).answer(422, "<form></form>", { "X-Person": null })
  await (await page.submit()).answer(200, "", { "X-CSRFToken": "new" })
  assert.deepEqual(page.signedIn, ["first"])
})

test("on a shared computer the new login is one of a shared computer, too", async () => {
  assert.equal((await (await asked({ shared: "" })).submit()).body.get("shared"), "y")
  assert.equal((await (await asked()).submit()).body.get("shared"), null)
})

test("who signs in with another account gets a page of that account, and nothing typed is sent as theirs", async () => {
  const page = await asked()
  await (await page.submit()).answer(200, "", { "X-CSRFToken": "theirs", "X-Person": "4" })
  assert.equal(page.reloads, 1)
  assert.deepEqual(page.signedIn, [])
  assert.equal(page.document.querySelector("#post input").value, "token")
})

test("Escape gives twenty seconds to read or copy from the page", async () => {
  const page = await asked()
  page.dialog().close()
  await pass(19_900)
  assert.equal(page.dialog().open, false)
  await pass(100)
  assert.equal(page.dialog().open, true)
})

test("signing in in another tab closes the dialog when this tab is looked at again", async () => {
  const page = await asked()
  page.hide(true)
  assert.equal(page.request("/login/form"), undefined)
  page.hide(false)
  await page.request("/login/form").answer(200, "", { "X-CSRFToken": "new" })
  assert.deepEqual(page.signedIn, ["first"])
  assert.equal(page.dialog(), null)
})

test("a tab that is looked at again before anybody has signed in still asks", async () => {
  const page = await asked()
  page.hide(false)
  await page.signedOut()
  assert.equal(page.dialog().open, true)
})

test("once signed in, a tab that is looked at asks the server no more", async () => {
  const page = await asked()
  await (await page.submit()).answer(200, "", { "X-CSRFToken": "new" })
  const before = page.requests.length
  page.hide(true)
  page.hide(false)
  await settled()
  assert.equal(page.requests.length, before)
})
