// The queue of changes sent by POST: in order, none twice, none lost.

import assert from "node:assert/strict"
import { test } from "node:test"
import { open, pass, settled } from "../page.mjs"

async function ready(body = `<section data-topic="measure:7" data-rev="12"><p id="f-7-cost"></p></section>`) {
  const page = open(body)
  const [{ connection }, { hold }, posts, live, { saveStatus }, storeAccess] = await Promise.all(
    ["connection.js", "hold.js", "post-queue.js", "live.js", "save-status.js", "store/store-access.js"].map(page.load),
  )
  connection.start("/socket.io")
  await page.socket.online()
  live.startLive()
  posts.startPosts()
  const answers = []
  const change = (key, value, more = {}) => ({
    key,
    lane: "measure:7",
    url: `https://klimawerk.example/items/7/${key}`,
    body: new URLSearchParams({ value, csrf_token: "old" }),
    place: () => page.document.getElementById("f-7-cost"),
    element: "f-7-cost",
    label: "Cost",
    text: value,
    answered: async (answer) => {
      answers.push([key, answer.status])
      return more.stuck
    },
    ...more,
  })
  const send = (...all) => (posts.enqueue(change(...all)), settled())
  const sent = () => page.requests.map(({ url, body }) => `${url.split("/").at(-1)}=${body.get("value")}`)
  const kept = (key) => storeAccess.plans.get(key)?.make?.()
  return Object.assign(page, { connection, hold, saveStatus, send, sent, answers, kept, change, ...posts, ...storeAccess })
}

test("changes of one item go one after the other, in the order in which they were made", async () => {
  const page = await ready()
  await page.send("cost", "1")
  await page.send("why", "2")
  await page.send("when", "3")
  assert.deepEqual(page.sent(), ["cost=1"])
  await page.requests[0].answer(200)
  assert.deepEqual(page.sent(), ["cost=1", "why=2"])
  await page.requests[1].answer(422)
  await page.requests[2].answer(200)
  assert.deepEqual(page.answers, [["cost", 200], ["why", 422], ["when", 200]])
})

test("changes of two items do not wait for each other", async () => {
  const page = await ready()
  await page.send("cost", "1")
  await page.send("why", "2", { lane: "goal:8" })
  assert.deepEqual(page.sent(), ["cost=1", "why=2"])
})

test("of several values of one field only the last is sent, and one that is on its way is not taken back", async () => {
  const page = await ready()
  await page.send("why", "first")
  await page.send("cost", "1")
  await page.send("cost", "2")
  await page.send("why", "second")
  await page.send("cost", "3")
  for (let i = 0; i < 3; i++) await page.requests[i].answer(200)
  assert.deepEqual(page.sent(), ["why=first", "cost=3", "why=second"])
})

test("a value that waited for another keeps its turn", async () => {
  const page = await ready()
  await page.send("a", "1")
  await page.send("cost", "2")
  await page.send("b", "3")
  await page.send("cost", "4")
  for (let i = 0; i < 3; i++) await page.requests[i].answer(200)
  assert.deepEqual(page.sent(), ["a=1", "cost=4", "b=3"])
})

test("what a change is based on is asked when it goes, and so is the form token", async () => {
  const page = await ready()
  let rev = 1
  await page.send("why", "1")
  await page.send("cost", "2", { prepare: (body) => body.set("rev", rev) })
  rev = 2
  page.document.querySelector("meta[name=csrf-token]").content = "new"
  await page.requests[0].answer(200)
  assert.equal(`${page.requests[1].body}`, "value=2&csrf_token=new&rev=2")
})

test("without an answer a change goes again, later each time, and nothing overtakes it", async () => {
  const page = await ready()
  await page.send("cost", "1")
  await page.send("why", "2")
  const waits = []
  for (let i = 0; i < 3; i++) {
    await (i ? page.requests.at(-1).fail() : page.requests.at(-1).answer(503))
    const { length } = page.requests
    let ms = 0
    while (page.requests.length === length && ms < 5_000) {
      await pass(100)
      ms += 100
    }
    waits.push(ms)
  }
  assert.deepEqual(waits, [400, 800, 1_500])
  await page.requests.at(-1).answer(200)
  assert.deepEqual(page.sent(), ["cost=1", "cost=1", "cost=1", "cost=1", "why=2"])
  // The next failure starts with a short delay again.
  await page.requests.at(-1).fail()
  await pass(400)
  assert.equal(page.requests.length, 6)
})

for (const [what, come] of [
  ["the connection is back", (page) => page.socket.offline().then(() => page.socket.online())],
  ["the server can store again", (page) => page.socket.receive("storing", { able: true })],
  ["the person lets changes go", (page) => (page.hold.release(), settled())],
]) {
  test(`nobody waits for the next try once ${what}`, async () => {
    const page = await ready()
    await page.send("cost", "1")
    for (let i = 0; i < 4; i++) {
      await page.requests.at(-1).fail()
      if (i < 3) await pass(15_000)
    }
    const { length } = page.requests
    await come(page)
    assert.equal(page.requests.length, length + 1)
    await page.requests.at(-1).answer(200)
    await pass(20_000)
    assert.equal(page.requests.length, length + 1) // not sent a second time by the timer
  })
}

test("a line that breaks hastens nothing", async () => {
  const page = await ready()
  await page.send("cost", "1")
  await page.requests[0].fail()
  await page.socket.offline()
  assert.equal(page.requests.length, 1)
})

test("word that the server cannot store sends nothing", async () => {
  const page = await ready()
  await page.send("cost", "1")
  await page.requests[0].fail()
  await page.socket.receive("storing", { able: false })
  assert.equal(page.requests.length, 1)
})

test("behind a closed gate nothing goes out, and everything once it opens", async () => {
  const page = await ready()
  page.hold.open = false
  await page.send("cost", "1")
  await page.send("why", "2", { lane: "goal:8" })
  await pass(20_000)
  assert.deepEqual(page.sent(), [])
  page.hold.release()
  await settled()
  assert.deepEqual(page.sent(), ["cost=1", "why=2"])
})

test("until it is answered a change is kept in the browser, without its token", async () => {
  const page = await ready()
  await page.send("cost", "1", { prepare: (body) => body.set("rev", 3), since: 5 })
  assert.deepEqual(page.kept("cost"), {
    kind: "post",
    url: "/items/7/cost",
    body: "value=1&rev=3",
    doc: "measure:7",
    rev: 12,
    gen: "1",
    element: "f-7-cost",
    words: [{ label: "Cost", text: "1" }],
    stuck: "",
    closed: false,
    since: 5,
  })
  assert.equal(page.saveStatus.count, 1)
  await page.requests[0].answer(200)
  assert.equal(page.kept("cost"), undefined)
  assert.equal(page.saveStatus.count, 0)
})

test("what is kept is what the field holds, not what the request carries", async () => {
  const page = await ready()
  const change = page.change("cost", "1", { prepare: (body) => body.set("rev", 3) })
  const record = page.recordOf(change)
  assert.equal(change.body.get("csrf_token"), "old")
  assert.equal(change.body.has("rev"), false)
  assert.equal("since" in record, false)
  assert.equal(page.recordOf({ ...change, lane: "goal:99" }).rev, 0)
})

test("what was refused stays in the browser with the reason; what a lock refused, as such", async () => {
  for (const [status, closed] of [[403, false], [423, true]]) {
    const page = await ready()
    await page.send("cost", "1", { stuck: "You may not." })
    await page.requests[0].answer(status)
    const { stuck, body } = page.kept("cost")
    assert.deepEqual([stuck, page.kept("cost").closed, body], ["You may not.", closed, "value=1"])
  }
})

test("an answer to an older value does not say that the newer one is saved, nor is the newer one let go", async () => {
  const page = await ready()
  await page.send("cost", "1")
  await page.send("cost", "2")
  await page.requests[0].answer(200)
  assert.equal(page.saveStatus.count, 1)
  assert.equal(page.kept("cost").body, "value=2")
  await page.requests[1].answer(200)
  assert.equal(page.saveStatus.count, 0)
  assert.equal(page.kept("cost"), undefined)
})

test("what somebody else keeps is not kept twice, nor dropped here", async () => {
  const page = await ready()
  page.storePlan("cost", () => ({ body: "theirs" }))
  await page.send("cost", "1", { kept: true })
  assert.deepEqual(page.kept("cost"), { body: "theirs" })
  await page.requests[0].answer(200)
  assert.deepEqual(page.kept("cost"), { body: "theirs" })
})

test("the page shows its own change without fetching it", async () => {
  const page = await ready()
  page.socket.sent.find(({ event }) => event === "watch").answer({ ok: true, revs: { "measure:7": 12 } })
  await page.send("cost", "1")
  await page.socket.receive("changed", { topics: { "measure:7": 13 }, by: "page-1" })
  await page.requests[0].answer(200, "", { "X-Rev": "13" })
  await pass(5_000)
  assert.equal(page.document.querySelector("[data-topic]").dataset.rev, "13")
  assert.equal(page.requests.length, 1)
})

test("a newer value that is sent while the older one's answer is read stays kept", async () => {
  const page = await ready()
  const newer = () => page.enqueue(page.change("cost", "2"))
  await page.send("cost", "1", { answered: async () => newer() })
  await page.requests[0].answer(200)
  assert.deepEqual(page.sent(), ["cost=1", "cost=2"])
  assert.equal(page.kept("cost")?.body, "value=2")
  assert.equal(page.saveStatus.count, 1)
  await page.requests[1].answer(200)
  assert.equal(page.kept("cost"), undefined)
  assert.equal(page.saveStatus.count, 0)
})

const FIELD = `<section data-topic="measure:7" data-rev="12"><kw-field id="f-7-cost"></kw-field></section>`

/** What is shown at a field after its response, which draws it again. */
async function saidAfter(ms) {
  const page = await ready(FIELD)
  const drawn = async () => page.document.getElementById("f-7-cost").replaceChildren()
  await page.send("cost", "1", { answered: drawn })
  await pass(ms)
  await page.requests[0].answer(200)
  return page.document.querySelector("#f-7-cost > .field-state")?.dataset.state
}

test("a field that has said that its value waits says afterwards that it is saved", async () => {
  assert.equal(await saidAfter(2_000), "saved")
})

test("a field that was saved before that was worth a word says nothing", async () => {
  assert.equal(await saidAfter(200), undefined)
})
