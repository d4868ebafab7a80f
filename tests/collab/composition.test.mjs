// Composition with input methods (on phones, or in Chinese): updates of others and the word itself wait.

import assert from "node:assert/strict"
import { beforeEach, test } from "node:test"
import { Composition } from "../../static/js/collab/composition.js"
import { pass, stopClock } from "../clock.mjs"

let composing, happened

const others = (name) => composing.after(() => happened.push(name))
const begin = () => composing.begin(() => happened.push("ended for the keyboard"))
const has = (...what) => (assert.deepEqual(happened, what), (happened = []))

beforeEach(() => {
  stopClock()
  happened = []
  composing = new Composition(() => happened.push("own words go"))
})

test("where no word is composed others' edits come at once, and own words wait for nothing", () => {
  others("an edit")
  has("an edit")
  assert.equal(composing.holdsUpdates, false)
})

test("others' edits wait until the word is there and a moment has gone by, and come in their order", async () => {
  begin()
  others("first")
  others("second")
  await pass(500)
  composing.end()
  await pass(79)
  has()
  await pass(1)
  has("first", "second", "own words go")
  others("third")
  has("third")
  await pass(16_000)
  has()
})

test("a word that follows at once is waited for as well", async () => {
  begin()
  others("an edit")
  composing.end()
  await pass(50)
  begin()
  await pass(500)
  has()
  composing.end()
  await pass(80)
  has("an edit", "own words go")
})

test("a word said to be there twice is there once", async () => {
  begin()
  composing.end()
  await pass(50)
  composing.end()
  await pass(79)
  has()
  await pass(1)
  has("own words go")
})

test("the word itself waits as long as it grows, and goes as far as it is when it has not grown for a second", async () => {
  begin()
  assert.equal(composing.holdsUpdates, true)
  await pass(999)
  begin()
  await pass(999)
  assert.equal(composing.holdsUpdates, true)
  has()
  await pass(1)
  assert.equal(composing.holdsUpdates, false)
  has("own words go")
  others("an edit")
  has() // the word is still under way
})

test("a word that is done goes when others' edits are in, and no second time", async () => {
  begin()
  composing.end()
  await pass(80)
  assert.equal(composing.holdsUpdates, false)
  has("own words go")
  await pass(16_000)
  has()
})

test("a keyboard that rests in a word for fifteen seconds does not keep others away for ever", async () => {
  begin()
  await pass(1_000)
  has("own words go")
  others("an edit")
  await pass(13_999)
  has()
  await pass(1)
  has("ended for the keyboard")
  await pass(80)
  has("an edit", "own words go")
})

test("each letter of the word begins those fifteen seconds anew", async () => {
  begin()
  others("an edit")
  await pass(10_000)
  begin()
  await pass(14_999)
  has("own words go", "own words go")
  await pass(1)
  has("ended for the keyboard")
})

test("where nobody waits a keyboard may rest in a word for as long as it likes", async () => {
  begin()
  await pass(30_000)
  assert.ok(!happened.includes("ended for the keyboard"))
  happened = []
  others("an edit")
  await pass(14_999)
  assert.ok(!happened.includes("ended for the keyboard"))
  await pass(81)
  assert.deepEqual(happened.slice(-3), ["ended for the keyboard", "an edit", "own words go"])
})

test("a word that was never begun does not end", async () => {
  composing.end()
  await pass(1_000)
  has()
})
