// Requests: their headers, and their results when the server, the CSRF token or the login fails.

import assert from "node:assert/strict"
import { test } from "node:test"
import { open, settled } from "../page.mjs"

async function ready(options) {
  const page = open("", options)
  return Object.assign(page, await page.load("http.js"), await page.load("connection.js"))
}

const promised = async (promise) => {
  let value = "nothing yet"
  promise.then((answer) => (value = answer))
  await settled()
  return () => value
}

test("every request names the form token and what the server was restored to, and the page while it is connected", async () => {
  const { headers, connection, socket } = await ready()
  assert.deepEqual(headers(), { "HX-Request": "true", "X-CSRFToken": "token", "X-Gen": "1" })
  connection.start("/socket.io")
  await socket.online("page-1")
  assert.equal(headers()["X-Page"], "page-1")
})

test("a page without a token or a generation asks all the same", async () => {
  const page = await ready({ data: { gen: "" } })
  page.document.head.replaceChildren()
  assert.deepEqual(page.headers(), { "HX-Request": "true", "X-CSRFToken": "" })
})

for (const [what, end, comes] of [
  ["a server that fails", (request) => request.answer(500), false],
  ["a proxy without a server", (request) => request.answer(502), false],
  ["too many requests", (request) => request.answer(429), false],
  ["no network", (request) => request.fail(), false],
  ["a refusal", (request) => request.answer(403), true],
  ["a part of a page", (request) => request.answer(200), true],
]) {
  test(`${what} is ${comes ? "an" : "no"} answer`, async () => {
    const page = await ready()
    const got = await promised(page.get("/items/7/changes"))
    assert.equal(page.requests[0].method, "GET")
    await end(page.requests[0])
    assert.equal(got() !== null, comes)
  })
}

test("a form token that has aged is renewed, and the change sent again with the new one", async () => {
  const page = await ready()
  const body = new URLSearchParams("value=1&csrf_token=token")
  const got = await promised(page.post("/items/7/cost", body))
  await page.requests[0].answer(400)
  assert.equal(page.requests[1].url, "/login/form")
  await page.requests[1].answer(200, "", { "X-CSRFToken": "new" })
  assert.equal(page.requests[2].url, "/items/7/cost")
  assert.equal(`${page.requests[2].body}`, "value=1&csrf_token=new")
  assert.equal(page.requests[2].headers["X-CSRFToken"], "new")
  await page.requests[2].answer(200)
  assert.equal(got().status, 200)
})

test("a change that is refused with a good token is refused", async () => {
  const page = await ready()
  const got = await promised(page.post("/items/7/cost", new URLSearchParams()))
  await page.requests[0].answer(400)
  await page.requests[1].answer(200, "", { "X-CSRFToken": "new" })
  await page.requests[2].answer(400)
  assert.equal(got().status, 400)
  assert.equal(page.requests.length, 3)
})

test("a token that cannot be renewed leaves the change for later", async () => {
  const page = await ready()
  const got = await promised(page.post("/items/7/cost", new URLSearchParams()))
  await page.requests[0].answer(400)
  await page.requests[1].fail()
  assert.equal(got(), null)
})

for (const [what, end] of [
  ["is refused", (request) => request.answer(401)],
  ["leads to the sign-in page", (request) =>
    request.answer(200, "", {}, { redirected: true, url: "https://klimawerk.example/login?next=/" })],
]) {
  test(`a change whose login has ended and that ${what} is sent again after signing in`, async () => {
    const page = await ready()
    const got = await promised(page.post("/items/7/cost", new URLSearchParams("value=1")))
    await end(page.requests[0])
    assert.equal(got(), "nothing yet")
    await page.request("/login/form").answer(200, "", { "X-CSRFToken": "new" }) // another tab has signed in
    assert.equal(`${page.requests[2].body}`, "value=1&csrf_token=new")
    await page.requests[2].answer(200)
    assert.equal(got().status, 200)
  })
}

test("an answer that leads elsewhere is one", async () => {
  const page = await ready()
  const got = await promised(page.post("/items/7/cost", new URLSearchParams()))
  await page.requests[0].answer(200, "", {}, { redirected: true, url: "https://klimawerk.example/login/help" })
  assert.equal(got().status, 200)
})

test("a message about the request is told from the part that was asked for", async () => {
  const { isError } = await ready()
  assert.equal(isError(new Response("", { headers: { "HX-Retarget": "#flashes" } })), true)
  assert.equal(isError(new Response("")), false)
})

test("of a piece of HTML only the words are read, on one line", async () => {
  const { sentence } = await ready()
  assert.equal(sentence("<p>\n  Not <b>so</b> &amp;\n not <script>thus</script></p>"), "Not so & not thus")
})
