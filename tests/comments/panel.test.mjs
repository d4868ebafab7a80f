// The panel of comments beside a sheet: over the sheet on narrow screens, and what counts as read in it.

import assert from "node:assert/strict"
import { test } from "node:test"
import { open, pass, settled } from "../page.mjs"

const comment = (number) => `<li class="comment" id="comment-${number}"><strong class="new">New</strong></li>`
const thread = (number, comments) => `<article class="thread" id="thread-${number}"><a id="to" href="#f-7-cost">Cost</a>
  <a id="quote" href="/threads/${number}?quote=1#reply" data-quote="1">Quote</a><ol>${comments}</ol></article>`
const BODY = `<header class="bar" id="bar"><a href="/">Home</a></header>
  <div class="desk"><main class="sheet" id="main"><kw-field id="f-7-cost"><a class="pen" href="/items/7">Edit</a></kw-field></main>
  <aside class="panel"><nav><a href="/items/7/comments" data-tab="comments">Comments</a></nav>
  <div data-content="comments">${thread(1, comment(1))}</div></aside></div>
  <footer class="foot" id="foot"></footer><dialog id="keys"></dialog><p id="announce"></p>`

async function ready(width) {
  const page = open(BODY, { words: { "panel.close": "Close" } })
  page.window.happyDOM.setViewport({ width })
  const [panel, places] = await Promise.all(["panel.js", "page-anchors.js"].map(page.load))
  places.startPlaces()
  panel.startPanel(() => {})
  await settled()
  const get = (selector) => page.document.querySelector(selector)
  const click = async (selector) => {
    get(selector).dispatchEvent(Object.assign(new Event("click", { bubbles: true, cancelable: true }), { button: 0 }))
    await settled()
  }
  const use = async () => {
    get("aside.panel").dispatchEvent(new Event("pointerover"))
    await settled()
  }
  const inert = () => [...page.document.querySelectorAll("[inert]")].map(({ id }) => id).filter((id) => id && id !== "words")
  return Object.assign(page, { get, click, use, inert, ...panel, isOpen: () => get("aside.panel").classList.contains("open") })
}

test("a link to a place of the sheet closes the panel that covers it, and the place has the focus", async () => {
  const page = await ready(480)
  page.showPanel()
  await page.click("#to")
  assert.equal(page.isOpen(), false)
  assert.ok(page.document.activeElement === page.get("#f-7-cost .pen"))
})

test("quoting leaves the panel open", async () => {
  const page = await ready(480)
  page.showPanel()
  page.get("#quote").addEventListener("click", (event) => event.preventDefault())
  await page.click("#quote")
  assert.equal(page.isOpen(), true)
})

test("while the panel covers the page the keyboard does not leave it, and afterwards all is as before", async () => {
  const page = await ready(480)
  page.showPanel()
  assert.deepEqual(page.inert(), ["bar", "main", "foot"])
  let closed = 0
  page.document.addEventListener("kw:panel-closed", () => (closed += page.inert().length === 0))
  page.closePanel()
  assert.deepEqual([page.inert(), closed], [[], 1])
})

test("a press beside the panel closes it, one in it or in a dialog does not", async () => {
  const page = await ready(900)
  page.showPanel()
  const press = (selector) => (page.get(selector).dispatchEvent(new Event("pointerdown", { bubbles: true })), page.isOpen())
  assert.deepEqual(["#quote", "#keys", ".desk"].map(press), [true, true, false])
})

test("a window that is made wider shows the panel beside the sheet, and both can be used", async () => {
  const page = await ready(480)
  page.showPanel()
  page.window.happyDOM.setViewport({ width: 1280 })
  assert.deepEqual([page.inert(), page.isOpen(), !page.get(".close-panel")], [[], false, true])
  page.showPanel()
  assert.deepEqual(page.inert(), [])
})

test("comments that arrive while the panel is used are marked as read too, each once", async () => {
  const page = await ready(1280)
  await page.use()
  await page.request("/items/7/comments/read").answer(204)
  await page.use()
  assert.equal(page.requests.length, 1)
  page.get("[data-content]").insertAdjacentHTML("beforeend", thread(2, comment(2)))
  await page.use()
  assert.equal(String(page.request("/items/7/comments/read").body), "thread=2")
})

test("what could not be marked as read without a connection is marked when the panel is used later", async () => {
  const page = await ready(1280)
  await page.use()
  await page.request("/items/7/comments/read").fail()
  await page.use()
  assert.equal(page.requests.length, 1, "not at every move of the pointer")
  await pass(11_000)
  await page.use()
  assert.equal(page.requests.length, 2)
})
