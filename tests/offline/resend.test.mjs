// What closed pages have left is sent, each once; what can no longer be sent stays.

import assert from "node:assert/strict"
import { test } from "node:test"
import { open, settled } from "../page.mjs"

const FIELD = `<section data-topic="measure:7" data-rev="12"><kw-field id="f-7-cost" data-rev="3"><form action="/items/7/cost"><input name="value" value="100"></form></kw-field></section>`
const NOW = Date.UTC(2026, 10, 30, 8) // the time of the page's clock
const left = (id, more = {}) => ({
  id, page: "gone", kind: "post", since: NOW + 1, at: 0, stuck: "", gen: "1", doc: "measure:7", words: [{ label: "Cost", text: "1" }],
  url: "/items/8/cost", body: `value=${id}&rev=3`, element: "f-8-cost", ...more,
})

async function ready(records, { online = true, body = FIELD } = {}) {
  const page = open(body)
  for (const record of records) page.disk.waiting.set(record.id, record)
  const [{ connection }, { resend }] = await Promise.all(
    ["connection.js", "store/resend.js", "fields.js", "store/store-writer.js", "seldom/locked-field.js"].map(page.load),
  )
  connection.start("/socket.io")
  if (online) await page.socket.online()
  resend()
  await settled()
  return page
}

test("a value of a field that is elsewhere is sent by its door, and goes once it is answered", async () => {
  const page = await ready([left("5")])
  assert.deepEqual(page.requests.map(({ url, body }) => `${url} ${body.get("value")}`), ["/items/8/cost 5"])
  assert.equal(page.disk.waiting.size, 1)
  await page.requests[0].answer(200)
  assert.equal(page.disk.waiting.size, 0)
})

test("of several values of one field the last is sent, and the others go; rows are sent each", async () => {
  const page = await ready([
    left("5"), left("6", { since: NOW + 2 }),
    left("7", { element: "rows-8", url: "/rows" }), left("8", { element: "rows-8", url: "/rows", since: NOW + 3 }),
  ])
  for (let i = 0; i < page.requests.length; i++) await page.requests[i].answer(200)
  assert.deepEqual(page.requests.map(({ body }) => body.get("value")), ["7", "6", "8"])
  assert.equal(page.disk.waiting.size, 0)
})

test("a value of a field of this page stands in it, and is sent from there", async () => {
  const page = await ready([left("5", { element: "f-7-cost", url: "/items/7/cost" })])
  assert.equal(page.document.querySelector("input").value, "5")
  assert.deepEqual(page.requests.map(({ url, body }) => `${url} ${body.get("rev")}`), ["/items/7/cost 3"])
})

test("without a connection only what belongs to this page's fields is taken over", async () => {
  const page = await ready([left("5"), left("6", { element: "f-7-cost", url: "/items/7/cost" })], { online: false })
  assert.equal(page.document.querySelector("input").value, "6")
  assert.equal(page.disk.waiting.get("5").page, "gone")
  assert.deepEqual(page.requests.map(({ url }) => url), ["/items/7/cost"])
})

test("what is from before a restore is not sent, and stays with the reason", async () => {
  const page = await ready([left("5", { gen: "0" })])
  assert.deepEqual(page.requests, [])
  assert.equal(page.disk.waiting.get("5").stuck, "offer.restored")
})

test("what is refused stays with the server's reason; two values side by side are no refusal", async () => {
  const page = await ready([left("5"), left("6", { url: "/items/9/cost", since: NOW + 2 }), left("7", { url: "/items/10/cost", since: NOW + 3 })])
  await page.requests[0].answer(422, `<p class="error"> Not a number. </p>`)
  await page.requests[1].answer(409, `<div class="conflict"></div>`)
  await page.requests[2].answer(423, "<p>It is closed.</p>", { "HX-Retarget": "#flashes" })
  const there = [...page.disk.waiting.values()]
  assert.deepEqual(there.map(({ id, stuck, closed }) => [id, stuck, closed]), [["5", "Not a number.", false], ["7", "It is closed.", true]])
})

test("what waited for more than a day waits behind the gate", async () => {
  const page = await ready([left("5", { since: NOW - 24 * 60 * 60 * 1_000 - 1 })])
  const { hold } = await page.load("hold.js")
  assert.equal(hold.open, false)
  assert.deepEqual(page.requests, [])
  hold.release()
})

test("what is stuck is not sent again", async () => {
  const page = await ready([left("5", { stuck: "No." })])
  assert.deepEqual(page.requests, [])
  assert.equal(page.disk.waiting.get("5").page, "gone")
})

test("a field that was opened for what another page sends closes again, and one for what was left before a restore", async () => {
  for (const [more, taken] of [[{}, true], [{ gen: "0" }, false]]) {
    const record = left("5", { element: "f-7-cost", url: "/items/7/cost", ...more })
    const page = await ready([], { body: `${FIELD}<button></button>` })
    page.disk.waiting.set("5", record)
    const { pendingChanges } = await page.load("store/pending-changes.js")
    const claim = pendingChanges.claim.bind(pendingChanges)
    pendingChanges.claim = (one) => (taken ? false : claim(one))
    const { resend } = await page.load("store/resend.js")
    await resend()
    await settled()
    assert.ok(!page.document.querySelector("kw-field").form)
    assert.deepEqual(page.requests, [])
  }
})
