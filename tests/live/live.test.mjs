// Live updates: what a page fetches of others' changes, and when.

import assert from "node:assert/strict"
import { test } from "node:test"
import { at, open, pass, settled } from "../page.mjs"
import { field, form, forms } from "../sheet-page.mjs"

const sheet = (rev, value = "100") =>
  `<section id="sheet" data-topic="measure:7" data-rev="${rev}" data-changes="/items/7/changes" data-forms="/items/7/forms">${field("7-cost", rev, value)}</section>`
const drawn = (rev, value = "100") => sheet(rev, value) + forms(form("f-7-cost", rev, value))

/** A page that shows revision 12 and was notified of the revision `newest`. */
async function following(newest = 12, body = sheet(12)) {
  const page = open(body)
  const { connection } = await page.load("connection.js")
  const live = await page.load("live.js")
  await page.load("fields.js")
  const { swap } = await page.load("swap.js")
  connection.start("/socket.io")
  live.startLive()
  await page.socket.online()
  const told = page.socket.sent.find(({ event }) => event === "watch")
  if (newest !== null) told.answer({ ok: true, revs: { "measure:7": newest } })
  await settled()
  return Object.assign(page, {
    live,
    told,
    connection,
    changed: (rev, by = "another") => page.socket.receive("changed", { topics: { "measure:7": rev }, by }),
    rev: () => page.document.getElementById("sheet").dataset.rev,
    value: () => page.document.querySelector(".value").textContent,
    input: () => page.document.querySelector("input"),
    /** Opens the field, whose form is kept. */
    opened: async (rev = 12) => (swap(forms(form("f-7-cost", rev, "100"))), await page.document.querySelector("kw-field").open(), page.input()),
    type: (value) => {
      page.input().value = value
      page.input().dispatchEvent(new Event("input", { bubbles: true }))
    },
    asked: () => page.requests.filter(({ url }) => url.startsWith("/items/7/changes")),
    since: () => page.asked().map(({ url }) => url.split("since=")[1].split("&")[0]),
    answer: (rev, html = sheet(rev), more = {}) => page.request("/items/7/changes").answer(200, html, { "X-Rev": rev, ...more }),
  })
}

test("a topic whose revision was missed is fetched once, from what the page shows", async () => {
  const page = await following(14)
  await pass(2_000)
  assert.deepEqual(page.since(), ["12"])
  await page.answer(14, sheet(14, "200"))
  assert.equal(page.rev(), "14")
  assert.equal(page.value(), "200")
  await pass(60_000)
  assert.equal(page.asked().length, 1)
})

test("a page that shows the newest asks for nothing", async () => {
  const page = await following(12)
  await page.changed(11)
  await pass(60_000)
  assert.deepEqual(page.asked(), [])
})

test("what changes often is fetched once a second at most", async () => {
  const page = await following()
  const times = []
  for (let rev = 13; rev < 53; rev++) {
    await page.changed(rev)
    await pass(100)
    if (page.request("/items/7/changes")) {
      times.push(at())
      await page.answer(rev)
    }
  }
  assert.ok(times.length >= 3 && times.length <= 4, `${times}`)
  for (let i = 1; i < times.length; i++) assert.ok(times[i] - times[i - 1] >= 1_000, `${times}`)
})

test("who saves data waits ten seconds between two requests, and for nothing once they save no more", async () => {
  const page = await following()
  const { dataSaver } = await page.load("data-saver.js")
  dataSaver.choose(true)
  await page.changed(13)
  await pass(400)
  await page.answer(13)
  await page.changed(14)
  await pass(9_000)
  assert.equal(page.asked().length, 1)
  await pass(1_500)
  assert.equal(page.asked().length, 2)
  await page.answer(14)
  await page.changed(15)
  await pass(1_500)
  assert.equal(page.asked().length, 2)
  dataSaver.choose(false)
  await pass(400)
  assert.equal(page.asked().length, 3)
})

test("a change of one's own that its answer shows is not fetched", async () => {
  const page = await following()
  await page.changed(13, "page-1")
  page.live.answered("measure:7", 13)
  await pass(10_000)
  assert.deepEqual(page.asked(), [])
  assert.equal(page.rev(), "13")
})

test("the answer may be here before the word of the change", async () => {
  const page = await following()
  page.live.answered("measure:7", 13)
  assert.equal(page.rev(), "12")
  await page.changed(13, "page-1")
  await pass(10_000)
  assert.deepEqual(page.asked(), [])
  assert.equal(page.rev(), "13")
})

test("a change of one's own hides nobody else's before it", async () => {
  const page = await following()
  page.live.answered("measure:7", 14)
  await page.changed(14, "page-1")
  assert.equal(page.rev(), "12")
  await pass(2_000)
  assert.deepEqual(page.since(), ["12"])
})

test("a change of one's own whose answer does not come is fetched, after a second and a half", async () => {
  const page = await following()
  await page.changed(13, "page-1")
  await pass(1_400)
  assert.deepEqual(page.asked(), [])
  await pass(500)
  assert.equal(page.asked().length, 1)
})

/** A deletion with a slow response: its topic is being fetched when the response arrives with an undo button. */
async function answeredWhileFetched(rev = 13) {
  const page = await following()
  await page.changed(13, "page-1")
  await pass(2_000)
  assert.equal(page.asked().length, 1)
  page.document.getElementById("sheet").insertAdjacentHTML("beforeend", `<button class="row-undo">Undo</button>`)
  page.live.answered("measure:7", rev)
  return Object.assign(page, { undo: () => page.document.querySelector(".row-undo") })
}

test("what a late answer to one's own change shows is not drawn over by what was fetched meanwhile", async () => {
  const page = await answeredWhileFetched()
  assert.equal(page.rev(), "13")
  await page.answer(13)
  assert.ok(page.undo())
  assert.equal(page.rev(), "13")
  await pass(20_000)
  assert.equal(page.asked().length, 1)
})

test("nor is it where the answer comes while what was fetched is being read", async () => {
  const page = await following()
  await page.changed(13, "page-1")
  await pass(2_000)
  const read = page.answer(13, sheet(13, "200"))
  page.live.answered("measure:7", 13)
  await read
  assert.equal(page.value(), "100")
})

test("what was fetched meanwhile is shown where others changed something after it", async () => {
  const page = await answeredWhileFetched()
  await page.answer(14, sheet(14, "200"))
  assert.equal(page.value(), "200")
  assert.equal(page.rev(), "14")
})

test("what was fetched meanwhile is shown where the answer says nothing of it", async () => {
  const page = await answeredWhileFetched(NaN)
  await page.answer(13, sheet(13, "200"))
  assert.equal(page.value(), "200")
})

test("a field that is being typed in keeps its words, and its newer value is there when it is left", async () => {
  const page = await following()
  const input = await page.opened()
  page.type("150")
  await page.changed(13)
  await pass(400)
  await page.answer(13, drawn(13, "200"))
  assert.equal(page.input(), input)
  assert.equal(input.value, "150")
  assert.equal(page.rev(), "13")
  await pass(20_000)
  page.type("100")
  input.blur()
  await pass(2_000)
  assert.equal(page.input(), null)
  assert.equal(page.value(), "200")
  assert.equal(page.asked().length, 1)
  await page.document.querySelector("kw-field").open()
  assert.equal(page.input().value, "200")
  assert.equal(page.requests.length, 1)
})

test("what could not be shown while somebody types is fetched when they have left", async () => {
  const page = await following()
  const input = await page.opened()
  page.type("150")
  await page.changed(13)
  await pass(400)
  await page.answer(13, sheet(13).replace(field("7-cost", 13, "100"), "")) // the newer sheet has no such field
  assert.equal(page.input(), input)
  await pass(20_000)
  assert.equal(page.asked().length, 1)

  page.type("100")
  input.blur()
  await pass(2_000)
  assert.deepEqual(page.since(), ["12", "12"])
  await page.answer(13, drawn(13, "200"))
  assert.equal(page.value(), "200")
  await pass(20_000)
  assert.equal(page.asked().length, 2)
})

test("what could not be shown while somebody types is fetched also when they are at its pen again", async () => {
  const page = await following()
  const input = await page.opened()
  page.type("150")
  await page.changed(13)
  await pass(400)
  await page.answer(13, sheet(13).replace(field("7-cost", 13, "100"), "")) // the newer sheet has no such field
  assert.equal(page.input(), input)
  await pass(20_000)
  assert.equal(page.asked().length, 1)

  page.type("100")
  page.document.querySelector("kw-field .pen").focus()
  await pass(2_000)
  assert.deepEqual(page.since(), ["12", "12"])
  await page.answer(13, drawn(13, "200"))
  assert.equal(page.value(), "200")
  await pass(20_000)
  assert.equal(page.asked().length, 2)
})

test("nothing is caught up on while the person goes on working there", async () => {
  const page = await following()
  await page.opened()
  page.type("150")
  await page.changed(13)
  await pass(400)
  await page.answer(13, sheet(13).replace(field("7-cost", 13, "100"), ""))
  page.document.dispatchEvent(new CustomEvent("kw:settled"))
  await pass(20_000)
  assert.equal(page.asked().length, 1)
})

test("only a page that keeps forms asks for newer ones", async () => {
  const page = await following(13)
  await pass(400)
  assert.equal(page.asked()[0].url.includes("forms=1"), false)
  await page.answer(13)
  await page.opened(13)
  await page.changed(14)
  await pass(2_000)
  assert.equal(page.asked()[1].url.includes("forms=1"), true)
})

test("a page that nobody looks at fetches nothing, and catches up when it is looked at", async () => {
  const page = await following()
  page.hide(true)
  await page.changed(13)
  await page.changed(14)
  await pass(60_000)
  assert.deepEqual(page.asked(), [])
  page.hide(false)
  await pass(400)
  assert.deepEqual(page.since(), ["12"])
})

test("a page that is hidden just before its request lets it be", async () => {
  const page = await following()
  await page.changed(13)
  page.hide(true)
  await pass(60_000)
  assert.deepEqual(page.asked(), [])
})

test("what one may no longer see is not asked for again, until it changes again", async () => {
  const page = await following(13)
  await pass(400)
  await page.request("/items/7/changes").answer(404)
  await pass(120_000)
  assert.equal(page.asked().length, 1)
  await page.changed(14)
  await pass(2_000)
  assert.equal(page.asked().length, 2)
})

test("a server that fails is asked again, later each time, and at once when it says that it is able again", async () => {
  const page = await following(13)
  const times = []
  for (let i = 0; i < 5; i++) {
    for (let waited = 0; !page.request("/items/7/changes") && waited < 60; waited++) await pass(100)
    times.push(at())
    await (i % 2 ? page.request("/items/7/changes").fail() : page.request("/items/7/changes").answer(503))
  }
  const waits = times.slice(1).map((time, i) => time - times[i])
  assert.deepEqual([...waits].sort((a, b) => a - b), waits)
  assert.ok(waits[3] > waits[0] + 1_000, `${waits}`)
  await page.socket.receive("storing", { able: true })
  await pass(300)
  assert.ok(page.request("/items/7/changes"))
  await page.answer(13)
  assert.equal(page.rev(), "13")
})

test("word that the server can store again makes nobody ask who had no failure", async () => {
  const page = await following(13)
  await pass(400)
  await page.answer(13)
  await page.changed(14)
  await page.socket.receive("storing", { able: true })
  await pass(500)
  assert.equal(page.asked().length, 1)
})

test("an answer that is older than what is shown is not put into the page", async () => {
  const page = await following(13)
  await pass(400)
  page.document.getElementById("sheet").dataset.rev = "15"
  await page.answer(13, sheet(13, "old"))
  assert.equal(page.value(), "100")
  assert.equal(page.rev(), "15")
})

test("what came with the answer and is newer than what was told is not fetched when it is told", async () => {
  const page = await following(13)
  await pass(400)
  await page.answer(15)
  await page.changed(15)
  await pass(10_000)
  assert.equal(page.asked().length, 1)
})

test("what others did is said to who cannot see it", async () => {
  const page = await following(13)
  await pass(400)
  await page.answer(13, sheet(13), { "X-Said": encodeURIComponent("Ana hat die Kosten geändert") })
  await pass(200)
  assert.equal(page.document.getElementById("announce").textContent, "Ana hat die Kosten geändert")
})

test("after a break every topic is watched anew, once", async () => {
  const page = await following()
  assert.deepEqual(page.socket.all("watch"), [{ topics: ["measure:7"] }])
  await page.socket.offline()
  await page.socket.online("page-2")
  page.document.dispatchEvent(new CustomEvent("kw:swapped"))
  await settled()
  assert.equal(page.socket.all("watch").length, 2)
  page.socket.sent.at(-1).answer({ ok: true, revs: { "measure:7": 20 } })
  await pass(400)
  assert.deepEqual(page.since(), ["12"])
})

test("a watch that was not answered is tried again", async () => {
  const page = await following(null)
  page.told.fail(new Error("timeout"))
  await pass(1_900)
  assert.equal(page.socket.all("watch").length, 1)
  await pass(200)
  assert.equal(page.socket.all("watch").length, 2)
  page.socket.sent.at(-1).answer({ ok: true, revs: { "measure:7": 13 } })
  await pass(400)
  assert.equal(page.asked().length, 1)
})

test("what comes into the page is watched, and what has gone is not fetched", async () => {
  const page = await following()
  page.document.body.insertAdjacentHTML("beforeend", `<aside data-topic="digest:7" data-rev="1" data-changes="/digest"></aside>`)
  page.document.getElementById("sheet").remove()
  page.document.dispatchEvent(new CustomEvent("kw:swapped"))
  await settled()
  assert.deepEqual(page.socket.all("watch")[1], { topics: ["digest:7"] })
  await page.changed(13)
  await page.socket.receive("changed", { topics: { "digest:7": 2 }, by: "another" })
  await pass(2_000)
  assert.deepEqual(page.requests.map(({ url }) => url), ["/digest?since=1"])
})
