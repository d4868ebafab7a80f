// The data saver: chosen on this device, else requested by the browser; a hidden page says so.

import assert from "node:assert/strict"
import { beforeEach, test } from "node:test"
import "../browser.mjs"

const { documentElement } = document
let page = 0

/** The module as the next page loads it. */
const nextPage = async () => (await import(`../../static/js/data-saver.js?${++page}`)).dataSaver

beforeEach(() => {
  localStorage.clear()
  delete documentElement.dataset.saveData
  navigator.connection = { saveData: false }
  document.hidden = false
})

test("without a wish there is no data saver, and no browser need know of it", async () => {
  assert.equal((await nextPage()).on, false)
  navigator.connection = undefined
  assert.equal((await nextPage()).on, false)
})

test("a browser that saves data need not be told, be it known here or from its request", async () => {
  navigator.connection = { saveData: true }
  assert.equal((await nextPage()).on, true)
  navigator.connection = { saveData: false }
  documentElement.dataset.saveData = "on"
  assert.equal((await nextPage()).on, true)
})

test("what the person chooses counts more than what the browser wishes, also on the next page", async () => {
  navigator.connection = { saveData: true }
  const saver = await nextPage()
  saver.choose(false)
  assert.equal(saver.on, false)
  assert.equal((await nextPage()).on, false)
  navigator.connection = { saveData: false }
  saver.choose(true)
  assert.equal(saver.on, true)
  assert.equal((await nextPage()).on, true)
})

test("a browser that keeps nothing has the choice until the next page", async () => {
  const { getItem, setItem } = localStorage
  localStorage.getItem = localStorage.setItem = () => {
    throw new Error("not allowed")
  }
  const saver = await nextPage()
  let notified = 0
  saver.watch(() => notified++)
  saver.choose(true)
  assert.equal(saver.on, true)
  assert.equal(notified, 1)
  assert.equal((await nextPage()).on, false)
  Object.assign(localStorage, { getItem, setItem })
})

test("something else that was kept under that name is no choice", async () => {
  localStorage.setItem("klimawerk.saver", "perhaps")
  navigator.connection = { saveData: true }
  assert.equal((await nextPage()).on, true)
})

test("the server is told of both, at each change", async () => {
  const saver = await nextPage()
  const notified = []
  const end = saver.watch(() => notified.push(saver.preferences))
  saver.choose(true)
  document.hidden = true
  document.dispatchEvent(new Event("visibilitychange"))
  assert.deepEqual(notified, [{ saver: true, hidden: false }, { saver: true, hidden: true }])
  end()
  saver.choose(false)
  assert.equal(notified.length, 2)
})
