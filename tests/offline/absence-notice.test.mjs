// The notice after more than a day offline: what others changed meanwhile, before anything of this browser is sent.

import assert from "node:assert/strict"
import { test } from "node:test"
import { open, settled } from "../page.mjs"

const SINCE = Date.UTC(2026, 10, 28, 8)
const words = { "away.title": "You were away", "away.send": "Send my changes", "away.look": "Look first", "away.gone": "Deleted or closed to you.", "away.unknown": "Not known at the moment." }

const record = (id, doc, more = {}) => ({
  id, doc, page: "gone", kind: "text", since: SINCE, rev: 12, stuck: "", words: [], where: { title: `Page ${doc}`, path: "/" }, ...more,
})

async function ready(...records) {
  const page = open(`<main><h1>Bins</h1></main>`, { words })
  for (const one of records) page.disk.waiting.set(one.id, one)
  const [{ showAbsenceNotice }, { hold }, { storePlan }] = await Promise.all(
    ["store/absence-notice.js", "hold.js", "store/store-access.js", "store/store-writer.js"].map(page.load),
  )
  hold.open = false
  const notice = () => page.document.querySelector("#away")
  const lines = () => [...notice().querySelectorAll("dt")].map((title) => [title.textContent, title.nextSibling.textContent])
  return Object.assign(page, { showAbsenceNotice, hold, storePlan, notice, lines })
}

async function shown(page, ...answers) {
  page.showAbsenceNotice()
  await settled()
  for (const answer of answers) await answer(page.request("/items/"))
  return page
}

test("for each item with unsent changes it says what others changed since the first of them", async () => {
  const page = await ready(
    record("b", "measure:7", { since: SINCE + 500, rev: 20 }), record("a", "measure:7"), record("c", "goal:9", { since: SINCE + 1_000, rev: undefined }),
  )
  await shown(page)
  assert.deepEqual(page.requests.map(({ url }) => url), [
    `/items/7/meanwhile?since=${SINCE / 1_000}&rev=12`, `/items/9/meanwhile?since=${SINCE / 1_000 + 1}&rev=0`,
  ])
  await page.requests[0].answer(200, "<p>Amina changed the\n cost.</p>")
  await page.requests[1].answer(200, "Nobody changed anything.")
  assert.deepEqual(page.lines(), [["Page measure:7", "Amina changed the cost."], ["Page goal:9", "Nobody changed anything."]])
})

test("it stands at the top of the page, named by its heading, and what is stored is held", async () => {
  const page = await ready(record("a", "measure:7"))
  await shown(page, (request) => request.answer(200, "Nothing."))
  assert.equal(page.document.querySelector("main").firstChild, page.notice())
  assert.equal(page.document.getElementById(page.notice().getAttribute("aria-labelledby")).textContent, "You were away")
  assert.equal(page.hold.open, false)
})

test("the user releases their changes, and the notice goes", async () => {
  const page = await ready(record("a", "measure:7"))
  await shown(page, (request) => request.answer(200, "Nothing."))
  let released = 0
  page.hold.watch(() => released++)
  page.notice().querySelector("button").click()
  assert.deepEqual([page.hold.open, released, page.notice()], [true, 1, null])
})

test("or looks at them first: that button opens the panel and releases nothing", async () => {
  const page = await ready(record("a", "measure:7"))
  await shown(page, (request) => request.answer(200, "Nothing."))
  const [, look] = page.notice().querySelectorAll("button")
  assert.equal(look.textContent, "Look first")
  assert.ok("showWaiting" in look.dataset)
  look.click()
  assert.equal(page.hold.open, false)
  assert.ok(page.notice())
})

test("it is shown once however often it is asked for, and again after another day away", async () => {
  const page = await ready()
  page.showAbsenceNotice()
  page.showAbsenceNotice()
  await settled()
  await shown(page)
  assert.equal(page.document.querySelectorAll("#away").length, 1)
  page.notice().querySelector("button").click()
  await shown(page)
  assert.equal(page.document.querySelectorAll("#away").length, 1)
})

test("what can no longer be sent, and what belongs to no item, is not asked about", async () => {
  const page = await ready(record("a", "measure:7", { stuck: "It was restored." }), record("b", undefined))
  await shown(page)
  assert.deepEqual([page.requests, page.lines()], [[], []])
})

for (const [what, answer, sentence] of [
  ["deleted", (request) => request.answer(404), "Deleted or closed to you."],
  ["no longer open to the user", (request) => request.answer(403), "Deleted or closed to you."],
  ["unknown because the server fails", (request) => request.answer(502), "Not known at the moment."],
  ["unknown because the connection is gone again", (request) => request.fail(), "Not known at the moment."],
]) {
  test(`an item that is ${what} is said to be that`, async () => {
    const page = await ready(record("a", "measure:7"))
    await shown(page, answer)
    assert.deepEqual(page.lines(), [["Page measure:7", sentence]])
  })
}

test("where this browser's store is unusable, what this page alone has is asked about", async () => {
  const page = await ready()
  page.document.title = "Bins"
  page.disk.broken = true
  page.storePlan("cost", () => ({ kind: "post", doc: "measure:7", rev: 12, words: [{ label: "Cost", text: "1" }] }))
  await settled()
  await shown(page, (request) => request.answer(200, "Nothing."))
  assert.deepEqual(page.lines(), [["Bins", "Nothing."]])
  page.disk.broken = false
})
