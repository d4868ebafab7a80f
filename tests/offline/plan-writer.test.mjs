// What is promised to a person about words that are not on the server yet, with a store that does what the test says.

import assert from "node:assert/strict"
import { beforeEach, mock, test } from "node:test"
import { drop, dropAfter, keep, keepBy, owed, plans, stateOf } from "../../static/js/store/store-access.js"
import { keeping } from "../../static/js/store/plan-writer.js"

let disk, writes, calm

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

/** Everything that need not wait for the disk or the clock has happened. */
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
  calm = false
  plans.clear()
  mock.timers.reset()
  mock.timers.enable({ apis: ["setTimeout"] })
  keepBy(keeping(store, () => calm))
})

test("what was sent is written at once, and is kept when the disk has it, no sooner", async () => {
  keep("comment", () => "Who pays?")
  await settled()
  assert.equal(writes.length, 1)
  assert.equal(stateOf("comment"), "keeping")
  assert.deepEqual(owed().map(({ key }) => key), ["comment"])
  await next()
  assert.equal(stateOf("comment"), "kept")
  assert.deepEqual(owed(), [])
  assert.equal(disk.get("comment"), "Who pays?")
})

test("what is typed while something is being written is not kept until it has been written too", async () => {
  keep("text", () => "a", true)
  keep("text", () => "ab", true)
  await settled()
  keep("text", () => "abc", true)
  await next()
  assert.equal(disk.get("text"), "ab")
  assert.equal(stateOf("text"), "keeping")
  await next()
  assert.equal(disk.get("text"), "abc")
  assert.equal(stateOf("text"), "kept")
  await nothingIsAsked()
})

test("a letter after what was kept is not kept", async () => {
  keep("text", () => "a", true)
  await next()
  keep("text", () => "ab", true)
  assert.equal(stateOf("text"), "keeping")
})

test("on a good line nothing is written of what is there before a quarter of a second, and all of it after that", async () => {
  calm = true
  keep("text", () => "a", true)
  drop("text")
  mock.timers.tick(10_000)
  await nothingIsAsked()
  keep("text", () => "b", true)
  mock.timers.tick(200)
  keep("text", () => "bc", true)
  await nothingIsAsked()
  assert.equal(stateOf("text"), "keeping")
  mock.timers.tick(50)
  await next()
  assert.equal(disk.get("text"), "bc")
  drop("text")
  assert.equal(await next(), "drop text")
  assert.equal(disk.size, 0)
})

test("a write that fails is said, and tried again until it holds", async () => {
  keep("field", () => "low")
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
  keep("field", () => {
    throw new Error("no such place")
  })
  await settled()
  assert.equal(stateOf("field"), "unkept")
})

test("a store that gives no answer counts as one that keeps nothing, until it answers", async () => {
  keep("field", () => "low")
  await settled()
  mock.timers.tick(4_999)
  assert.equal(stateOf("field"), "keeping")
  mock.timers.tick(1)
  assert.equal(stateOf("field"), "unkept")
  await next()
  assert.equal(stateOf("field"), "kept")
})

test("a draft stays until the comment made of it is kept", async () => {
  keep("draft", () => "Who pays?", true)
  await next()
  keep("comment", () => "Who pays?")
  dropAfter("draft", "comment")
  await next("fail")
  assert.ok(disk.has("draft"))
  await nothingIsAsked()
  mock.timers.tick(5_000)
  await next()
  assert.equal(await next(), "drop draft")
  assert.deepEqual([...disk.keys()], ["comment"])
})

test("a draft goes when the comment made of it is on the server, kept or not", async () => {
  keep("draft", () => "Who pays?", true)
  await next()
  keep("comment", () => "Who pays?")
  dropAfter("draft", "comment")
  await next("fail")
  drop("comment")
  assert.equal(await next(), "drop draft")
  assert.equal(disk.size, 0)
})

test("a new draft in the same form outlives the comment made of the one before", async () => {
  keep("draft", () => "Who pays?", true)
  await next()
  keep("comment", () => "Who pays?")
  dropAfter("draft", "comment")
  keep("draft", () => "And when?", true)
  await all()
  assert.deepEqual(Object.fromEntries(disk), { comment: "Who pays?", draft: "And when?" })
  assert.deepEqual(owed(), [])
})

test("what is dropped while it is being written does not stay on the disk, and what is kept anew does", async () => {
  keep("field", () => "low")
  await settled()
  drop("field")
  await next()
  assert.equal(await next(), "drop field")
  assert.equal(disk.size, 0)

  keep("field", () => "high")
  await settled()
  drop("field")
  keep("field", () => "medium")
  await all()
  assert.equal(disk.get("field"), "medium")
  assert.equal(stateOf("field"), "kept")
})

test("what is owed before the store has come is not kept, and is written when it comes", async () => {
  keepBy({ take: (plan) => (plan.failed = true) }) // without a line the store does not come
  keep("field", () => "low")
  assert.equal(stateOf("field"), "unkept")
  keepBy(keeping(store, () => calm))
  await next()
  assert.equal(stateOf("field"), "kept")
})

test("what has become nothing meanwhile is owed to nobody", async () => {
  keep("draft", () => null, true)
  await settled()
  assert.equal(stateOf("draft"), "kept")
  await nothingIsAsked()
  assert.equal(plans.size, 0)
})
