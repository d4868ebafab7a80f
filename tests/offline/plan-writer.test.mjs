// The state of changes that are not on the server yet ("keeping", "kept", "unkept"), with a store controlled by the
// test.

import assert from "node:assert/strict"
import { beforeEach, mock, test } from "node:test"
import { dropPlan, dropPlanAfter, storePlan, setWriter, unstoredPlans, plans, stateOf } from "../../static/js/store/store-access.js"
import { createPlanWriter } from "../../static/js/store/plan-writer.js"

let disk, writes, mayDelay

/** One write or deletion under way; `done` and `fail` end it. */
function asked(what, key, value) {
  return new Promise((resolve, reject) => {
    const done = () => (what === "keep" ? disk.set(key, value) : disk.delete(key), resolve())
    writes.push({ what, key, value, done, fail: () => reject(new Error("full")) })
  })
}

const store = {
  keep: ({ key }, value) => asked("keep", key, value),
  drop: ({ key }) => asked("drop", key),
}

/** Run everything that does not wait for the store or the clock. */
const settled = async () => {
  for (let i = 0; i < 20; i++) await null
}
const next = async (how = "done") => {
  await settled()
  const { what, key } = writes[0]
  writes.shift()[how]()
  await settled()
  return `${what} ${key}`
}
const all = async () => {
  await settled()
  while (writes.length) await next()
}
const nothingIsAsked = async () => (await settled(), assert.deepEqual(writes, []))

beforeEach(() => {
  disk = new Map()
  writes = []
  mayDelay = false
  plans.clear()
  mock.timers.reset()
  mock.timers.enable({ apis: ["setTimeout"] })
  setWriter(createPlanWriter(store, () => mayDelay))
})

test("what was sent is written at once, and is kept when the disk has it, no sooner", async () => {
  storePlan("comment", () => "Who pays?")
  await settled()
  assert.equal(writes.length, 1)
  assert.equal(stateOf("comment"), "keeping")
  assert.deepEqual(unstoredPlans().map(({ key }) => key), ["comment"])
  await next()
  assert.equal(stateOf("comment"), "kept")
  assert.deepEqual(unstoredPlans(), [])
  assert.equal(disk.get("comment"), "Who pays?")
})

test("what is typed while something is being written is not kept until it has been written too", async () => {
  storePlan("text", () => "a", true)
  storePlan("text", () => "ab", true)
  await settled()
  storePlan("text", () => "abc", true)
  await next()
  assert.equal(disk.get("text"), "ab")
  assert.equal(stateOf("text"), "keeping")
  await next()
  assert.equal(disk.get("text"), "abc")
  assert.equal(stateOf("text"), "kept")
  await nothingIsAsked()
})

test("a letter after what was kept is not kept", async () => {
  storePlan("text", () => "a", true)
  await next()
  storePlan("text", () => "ab", true)
  assert.equal(stateOf("text"), "keeping")
})

test("on a good line nothing is written of what is there before a quarter of a second, and all of it after that", async () => {
  mayDelay = true
  storePlan("text", () => "a", true)
  dropPlan("text")
  mock.timers.tick(10_000)
  await nothingIsAsked()
  storePlan("text", () => "b", true)
  mock.timers.tick(200)
  storePlan("text", () => "bc", true)
  await nothingIsAsked()
  assert.equal(stateOf("text"), "keeping")
  mock.timers.tick(50)
  await next()
  assert.equal(disk.get("text"), "bc")
  dropPlan("text")
  assert.equal(await next(), "drop text")
  assert.equal(disk.size, 0)
})

test("a write that fails is said, and tried again until it holds", async () => {
  storePlan("field", () => "low")
  await next("fail")
  assert.equal(stateOf("field"), "unkept")
  for (let i = 0; i < 3; i++) {
    mock.timers.tick(5_000)
    await next("fail")
    assert.equal(stateOf("field"), "unkept")
  }
  mock.timers.tick(5_000)
  await next()
  assert.equal(stateOf("field"), "kept")
})

test("a record that cannot even be made counts as not kept", async () => {
  storePlan("field", () => {
    throw new Error("no such place")
  })
  await settled()
  assert.equal(stateOf("field"), "unkept")
})

test("a store that gives no answer counts as one that keeps nothing, until it answers", async () => {
  storePlan("field", () => "low")
  await settled()
  mock.timers.tick(4_999)
  assert.equal(stateOf("field"), "keeping")
  mock.timers.tick(1)
  assert.equal(stateOf("field"), "unkept")
  await next()
  assert.equal(stateOf("field"), "kept")
})

test("a draft stays until the comment made of it is kept", async () => {
  storePlan("draft", () => "Who pays?", true)
  await next()
  storePlan("comment", () => "Who pays?")
  dropPlanAfter("draft", "comment")
  await next("fail")
  assert.ok(disk.has("draft"))
  await nothingIsAsked()
  mock.timers.tick(5_000)
  await next()
  assert.equal(await next(), "drop draft")
  assert.deepEqual([...disk.keys()], ["comment"])
})

test("a draft goes when the comment made of it is on the server, kept or not", async () => {
  storePlan("draft", () => "Who pays?", true)
  await next()
  storePlan("comment", () => "Who pays?")
  dropPlanAfter("draft", "comment")
  await next("fail")
  dropPlan("comment")
  assert.equal(await next(), "drop draft")
  assert.equal(disk.size, 0)
})

test("a new draft in the same form outlives the comment made of the one before", async () => {
  storePlan("draft", () => "Who pays?", true)
  await next()
  storePlan("comment", () => "Who pays?")
  dropPlanAfter("draft", "comment")
  storePlan("draft", () => "And when?", true)
  await all()
  assert.deepEqual(Object.fromEntries(disk), { comment: "Who pays?", draft: "And when?" })
  assert.deepEqual(unstoredPlans(), [])
})

test("what is dropped while it is being written does not stay on the disk, and what is kept anew does", async () => {
  storePlan("field", () => "low")
  await settled()
  dropPlan("field")
  await next()
  assert.equal(await next(), "drop field")
  assert.equal(disk.size, 0)

  storePlan("field", () => "high")
  await settled()
  dropPlan("field")
  storePlan("field", () => "medium")
  await all()
  assert.equal(disk.get("field"), "medium")
  assert.equal(stateOf("field"), "kept")
})

test("what is owed before the store has come is not kept, and is written when it comes", async () => {
  setWriter({ take: (plan) => (plan.failed = true) }) // offline the store's module cannot be loaded
  storePlan("field", () => "low")
  assert.equal(stateOf("field"), "unkept")
  setWriter(createPlanWriter(store, () => mayDelay))
  await next()
  assert.equal(stateOf("field"), "kept")
})

test("what has become nothing meanwhile is owed to nobody", async () => {
  storePlan("draft", () => null, true)
  await settled()
  assert.equal(stateOf("draft"), "kept")
  await nothingIsAsked()
  assert.equal(plans.size, 0)
})
