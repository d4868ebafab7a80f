// Named timers: each runs once, on time, and not after it was cancelled.

import assert from "node:assert/strict"
import { beforeEach, test } from "node:test"
import { Timers } from "../../static/js/timers.js"
import { pass, stopClock } from "../clock.mjs"

let timers, ran

const run = (what) => () => ran.push(what)
const has = (...what) => (assert.deepEqual(ran, what), (ran = []))

beforeEach(() => {
  stopClock()
  timers = new Timers()
  ran = []
})

test("what is set once keeps its time, however often it is asked for", async () => {
  timers.once("save", 100, run("first"))
  await pass(60)
  timers.once("save", 100, run("second"))
  await pass(39)
  has()
  await pass(1)
  has("first")
  await pass(1_000)
  has()
})

test("what is set anew waits from then on, and the one before never comes", async () => {
  timers.restart("save", 100, run("first"))
  await pass(60)
  timers.restart("save", 100, run("second"))
  await pass(99)
  has()
  await pass(1)
  has("second")
  await pass(1_000)
  has()
})

test("one that has run can be set again, also while it runs", async () => {
  timers.once("save", 100, () => (ran.push("first"), timers.once("save", 50, run("second"))))
  await pass(100)
  has("first")
  await pass(50)
  has("second")
  timers.once("save", 10, run("third"))
  await pass(10)
  has("third")
})

test("what is cancelled does not come, what bears another name does, and it may be set again", async () => {
  for (const name of ["a", "b", "c"]) timers.once(name, 100, run(name))
  timers.cancel("a", "b", "never set")
  await pass(100)
  has("c")
  timers.once("a", 10, run("again"))
  await pass(10)
  has("again")
})

test("the timers of two things have nothing to do with each other", async () => {
  const others = new Timers()
  timers.once("save", 100, run("mine"))
  others.once("save", 50, run("theirs"))
  timers.cancel("save")
  await pass(100)
  has("theirs")
})
