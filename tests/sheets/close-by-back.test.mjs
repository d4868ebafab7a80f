// On touch screens the system's Back closes what is open.

import assert from "node:assert/strict"
import { beforeEach, test } from "node:test"

let watchers = []
globalThis.window = globalThis
globalThis.document = new EventTarget()

class Watcher {
  constructor() {
    watchers.push(this)
  }

  destroy() {
    this.destroyed = true
  }
}

const { closed, opened } = await import("../../static/js/close-by-back.js")

beforeEach(() => {
  watchers = []
  globalThis.CloseWatcher = Watcher
  globalThis.matchMedia = () => ({ matches: true })
})

test("Back closes what was opened, once", () => {
  const place = {}
  let count = 0
  opened(place, () => count++)
  opened(place, () => count++)
  assert.equal(watchers.length, 1)
  watchers[0].onclose()
  assert.equal(count, 1)
})

test("what was closed in another way leaves Back to the page", () => {
  const place = {}
  opened(place, () => assert.fail("closed twice"))
  closed(place)
  assert.ok(watchers[0].destroyed)
})

test("what was removed while it was open leaves Back to the page", () => {
  const [gone, here] = [{ isConnected: false }, { isConnected: true }]
  for (const place of [gone, here]) opened(place, () => {})
  document.dispatchEvent(new Event("kw:swapped"))
  assert.deepEqual(watchers.map(({ destroyed }) => Boolean(destroyed)), [true, false])
})

test("with a mouse, and in browsers that cannot, Back stays the page's", () => {
  globalThis.matchMedia = () => ({ matches: false })
  opened({}, () => {})
  globalThis.matchMedia = () => ({ matches: true })
  globalThis.CloseWatcher = undefined
  opened({}, () => {})
  assert.equal(watchers.length, 0)
})
