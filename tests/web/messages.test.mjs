// Messages, numbers and times in the page's locale.

import assert from "node:assert/strict"
import { beforeEach, test } from "node:test"
import { elements } from "../browser.mjs"

const SENTENCES = { "waiting.one": "One change waits.", "waiting.many": "{n} changes wait for {who}.", saved: "Saved." }

let page = 0
let requests, answer

/** The module, loaded in a page with these messages. */
async function open(sentences = SENTENCES, later = "/words/later") {
  elements.clear()
  if (sentences) elements.set("#words", { textContent: JSON.stringify(sentences), dataset: { ...(later && { later }) } })
  return import(`../../static/js/messages.js?${++page}`)
}

beforeEach(() => {
  document.documentElement.lang = "en"
  requests = []
  answer = async () => ({ ok: true, json: async () => ({ "offer.locked": "It was closed meanwhile." }) })
  globalThis.fetch = (address) => (requests.push(address), answer())
})

test("a sentence stands in the page, with its values put in", async () => {
  const { messageText } = await open()
  assert.equal(messageText("saved"), "Saved.")
  assert.equal(messageText("waiting.many", { n: 3, who: "Amina" }), "3 changes wait for Amina.")
})

test("a value that is missing, and a sentence that is, show their names rather than nothing", async () => {
  const { messageText } = await open()
  assert.equal(messageText("waiting.many", { n: 0 }), "0 changes wait for {who}.")
  assert.equal(messageText("no.such"), "no.such")
  assert.equal((await open(null)).messageText("saved"), "saved")
})

test("one is told apart from many, and none are many", async () => {
  const { countedMessage } = await open()
  assert.equal(countedMessage("waiting", 1), "One change waits.")
  assert.equal(countedMessage("waiting", 2, { who: "Jonas" }), "2 changes wait for Jonas.")
  assert.equal(countedMessage("waiting", 0, { who: "Jonas" }), "0 changes wait for Jonas.")
})

test("what only the editor says comes later, once, beside what is there", async () => {
  const { loadLaterMessages, messageText } = await open()
  assert.equal(messageText("offer.locked"), "offer.locked")
  await Promise.all([loadLaterMessages(), loadLaterMessages()])
  await loadLaterMessages()
  assert.deepEqual(requests, ["/words/later"])
  assert.equal(messageText("offer.locked"), "It was closed meanwhile.")
  assert.equal(messageText("saved"), "Saved.")
})

test("it may be the first that is asked for", async () => {
  const { loadLaterMessages, messageText } = await open()
  await loadLaterMessages()
  assert.equal(messageText("offer.locked"), "It was closed meanwhile.")
  assert.equal(messageText("saved"), "Saved.")
})

test("without a line nothing breaks, and the next one who needs it asks again", async () => {
  const { loadLaterMessages, messageText } = await open()
  const good = answer
  answer = async () => {
    throw new TypeError("no line")
  }
  await loadLaterMessages()
  assert.equal(messageText("offer.locked"), "offer.locked")
  answer = good
  await loadLaterMessages()
  assert.equal(messageText("offer.locked"), "It was closed meanwhile.")
  assert.equal(requests.length, 2)
})

test("an answer that is none changes no sentence", async () => {
  const { loadLaterMessages, messageText } = await open()
  answer = async () => ({ ok: false, json: async () => ({ saved: "<h1>Bad gateway</h1>" }) })
  await loadLaterMessages()
  assert.equal(messageText("saved"), "Saved.")
})

test("a page that says no address asks nobody", async () => {
  for (const [sentences, later] of [[SENTENCES, null], [null, null]]) {
    const { loadLaterMessages } = await open(sentences, later)
    await loadLaterMessages()
  }
  assert.deepEqual(requests, [])
})

test("numbers are written as the reader writes them, with so many decimals", async () => {
  const { number } = await open()
  assert.equal(number(12_345.678, 1), "12,345.7")
  assert.equal(number(2, 2), "2.00")
  document.documentElement.lang = "de"
  assert.equal(number(12_345.678, 1), "12.345,7")
})

test("English here is British: a day has twenty-four hours, and the day comes before the month", async () => {
  const { clock, moment } = await open()
  const evening = new Date(2026, 2, 4, 17, 5)
  assert.equal(clock(evening), "17:05")
  assert.equal(moment(evening), "4 Mar, 17:05")
  document.documentElement.lang = "de"
  assert.match(moment(evening), /^4\. März,? (um )?17:05/)
})

test("of today the time is enough", async () => {
  const { clock, moment } = await open()
  const now = new Date()
  assert.equal(moment(now), clock(now))
  const lastYear = new Date(now.getFullYear() - 1, now.getMonth(), now.getDate(), 12)
  assert.notEqual(moment(lastYear), clock(lastYear))
})
