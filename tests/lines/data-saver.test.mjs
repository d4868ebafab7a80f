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
  const here = await nextPage()
  here.choose(false)
  assert.equal(here.on, false)
  assert.equal((await nextPage()).on, false)
  navigator.connection = { saveData: false }
  here.choose(true)
  assert.equal(here.on, true)
  assert.equal((await nextPage()).on, true)
})

test("a browser that keeps nothing has the choice until the next page", async () => {
  const { getItem, setItem } = localStorage
  localStorage.getItem = localStorage.setItem = () => {
    throw new Error("not allowed")
  }
  const here = await nextPage()
  let told = 0
  here.watch(() => told++)
  here.choose(true)
  assert.equal(here.on, true)
  assert.equal(told, 1)
  assert.equal((await nextPage()).on, false)
  Object.assign(localStorage, { getItem, setItem })
})

test("something else that was kept under that name is no choice", async () => {
  localStorage.setItem("klimawerk.saver", "perhaps")
  navigator.connection = { saveData: true }
  assert.equal((await nextPage()).on, true)
})

test("the server is told of both, at each change", async () => {
  const here = await nextPage()
  const told = []
  const end = here.watch(() => told.push(here.preferences))
  here.choose(true)
  document.hidden = true
  document.dispatchEvent(new Event("visibilitychange"))
  assert.deepEqual(told, [{ saver: true, hidden: false }, { saver: true, hidden: true }])
  end()
  here.choose(false)
  assert.equal(told.length, 2)
})
