// Approximate data volume of a tab: what came over the network and not from the cache, over all its pages.

import assert from "node:assert/strict"
import { beforeEach, test } from "node:test"
import "../browser.mjs"
import { pass, stopClock } from "../clock.mjs"

const ABOUT_A_MESSAGE = 6
const ABOUT_HEADERS = 400

let page = 0
let message, answers, navigation, observed

globalThis.PerformanceObserver = class {
  constructor(hear) {
    answers = (...sizes) => hear({ getEntries: () => sizes.map((transferSize) => ({ transferSize })) })
  }
  observe(options) {
    observed = options
  }
}
performance.getEntriesByType = (type) => (type === "navigation" ? navigation : [])

async function open() {
  const { startVolume, usedVolume } = await import(`../../static/js/data-volume.js?${++page}`)
  startVolume({ onMessage: (hear) => (message = hear) })
  return { used: () => usedVolume().bytes, since: () => usedVolume().since.getTime() }
}

const leave = () => window.dispatchEvent(new Event("pagehide"))

beforeEach(() => {
  stopClock()
  sessionStorage.clear()
  navigation = []
})

test("a page that has moved nothing says so, since now", async () => {
  const tab = await open()
  assert.equal(tab.used(), 0)
  assert.equal(tab.since(), Date.now())
  assert.deepEqual(observed, { type: "resource", buffered: true })
})

test("the page itself and every answer count with their headers; what the browser had already costs nothing", async () => {
  navigation = [{ transferSize: 10_000 }]
  const tab = await open()
  assert.equal(tab.used(), 10_000 + ABOUT_HEADERS)
  answers(500, 0, 2_000)
  assert.equal(tab.used(), 12_500 + 3 * ABOUT_HEADERS)
})

test("messages count in both directions on a socket; by long-polling only what is sent, the rest are answers", async () => {
  const tab = await open()
  message({ length: 100, sent: true, polled: false })
  message({ length: 50, sent: false, polled: false })
  assert.equal(tab.used(), 150 + 2 * ABOUT_A_MESSAGE)
  message({ length: 1_000, sent: false, polled: true })
  assert.equal(tab.used(), 150 + 2 * ABOUT_A_MESSAGE)
  message({ length: 10, sent: true, polled: true })
  assert.equal(tab.used(), 160 + 3 * ABOUT_A_MESSAGE)
})

test("a size that nobody knows does not spoil the sum", async () => {
  const tab = await open()
  message({ length: undefined, sent: true, polled: false })
  answers(1)
  assert.equal(tab.used(), 1 + ABOUT_HEADERS)
})

test("a tab that goes from page to page counts on, since it was opened", async () => {
  const first = await open()
  const began = first.since()
  answers(1_000)
  leave()
  await pass(60_000)
  const second = await open()
  assert.equal(second.used(), 1_000 + ABOUT_HEADERS)
  assert.equal(second.since(), began)
})

test("where the browser keeps nothing, or nonsense, each page counts for itself", async () => {
  sessionStorage.setItem("klimawerk.volume", "{")
  assert.equal((await open()).used(), 0)
  const { setItem } = sessionStorage
  sessionStorage.setItem = () => {
    throw new Error("full")
  }
  leave() // no body
  sessionStorage.setItem = setItem
})
