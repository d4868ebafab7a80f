// The outbox of a document: one update under way, the rest merged into the next one, nothing lost.

import assert from "node:assert/strict"
import { beforeEach, test } from "node:test"
import { Outbox } from "../../static/js/collab/outbox.js"
import { Y } from "../../static/vendor/klimawerk-editor.yjs-13.6.33.js"
import { add, documentOf, readOf, TEXT, type, updateOf } from "./texts.mjs"

let doc, outbox, saved

/** Write "one", "two" ... each as an edit of its own. */
const write = (words, texts = [TEXT]) => outbox.add(updateOf(doc, () => type(doc, 0, words)), texts)
/** The server's text once these updates have arrived too. */
const withSaved = (...updates) => readOf(saved, ...updates)

beforeEach(() => {
  doc = documentOf("Bins:")
  saved = Y.encodeStateAsUpdate(doc)
  outbox = new Outbox()
})

test("what is typed leaves at once, and all that has come together leaves as one", () => {
  write(" blue")
  write(" and green")
  assert.equal(withSaved(outbox.take()), "Bins: blue and green")
})

test("where nothing was typed nothing leaves", () => {
  assert.equal(outbox.take(), null)
  assert.equal(outbox.unsent, null)
  assert.ok(outbox.empty && !outbox.busy)
})

test("a keystroke made while an update is under way leaves in the next one", () => {
  write(" blue")
  const first = outbox.take()
  write(" and")
  assert.equal(outbox.take(), null)
  write(" green")
  assert.equal(outbox.take(), null)
  assert.ok(outbox.busy)
  outbox.acknowledged()
  const second = outbox.take()
  assert.equal(withSaved(first), "Bins: blue")
  assert.equal(withSaved(first, second), "Bins: blue and green")
  assert.equal(withSaved(second), "Bins:") // it contains none of the first
})

test("what is acknowledged is not sent again", () => {
  write(" blue")
  const sent = outbox.take()
  assert.equal(outbox.acknowledged().update, sent)
  assert.equal(outbox.take(), null)
  assert.equal(outbox.unsent, null)
  assert.ok(outbox.empty)
})

test("where the answer is lost the words wait again, with those typed since, and stand there once", () => {
  write(" blue")
  const lost = outbox.take()
  write(" and green")
  outbox.giveBack()
  outbox.giveBack()
  assert.ok(!outbox.busy && !outbox.empty)
  const again = outbox.take()
  assert.equal(withSaved(again), "Bins: blue and green")
  assert.equal(withSaved(lost, again), "Bins: blue and green")
  outbox.acknowledged()
  assert.equal(outbox.take(), null)
})

test("giving back where nothing is under way changes nothing", () => {
  write(" blue")
  outbox.giveBack()
  assert.equal(withSaved(outbox.take()), "Bins: blue")
  assert.ok(new Outbox().giveBack() === undefined && new Outbox().empty)
})

test("a text is saved when nothing of it waits, and not while its next words do", () => {
  write(" blue", ["description.en"])
  write(" and green", ["obstacles.en"])
  outbox.take()
  write(" bins", ["obstacles.en"])
  assert.deepEqual([...outbox.fragments].sort(), ["description.en", "obstacles.en"])
  assert.deepEqual(outbox.acknowledged().done, ["description.en"])
  assert.deepEqual([...outbox.fragments], ["obstacles.en"])
  outbox.take()
  assert.deepEqual(outbox.acknowledged().done, ["obstacles.en"])
  assert.deepEqual([...outbox.fragments], [])
})

test("a text whose words were given back is not called saved before they have arrived", () => {
  write(" blue", ["description.en"])
  outbox.take()
  outbox.giveBack()
  assert.deepEqual([...outbox.fragments], ["description.en"])
  write(" and green", ["obstacles.en"])
  outbox.take()
  assert.deepEqual(outbox.acknowledged().done.sort(), ["description.en", "obstacles.en"])
})

test("what is kept in this browser is what is under way and what waits behind it", () => {
  write(" blue")
  assert.equal(withSaved(outbox.unsent), "Bins: blue")
  outbox.take()
  assert.equal(withSaved(outbox.unsent), "Bins: blue")
  write(" and")
  write(" green")
  assert.equal(withSaved(outbox.unsent), "Bins: blue and green")
  outbox.acknowledged()
  assert.equal(withSaved(outbox.unsent), "Bins:") // what is on the server need not be stored
  assert.equal(withSaved(outbox.take()), "Bins:")
  assert.ok(outbox.busy)
})

test("words that arrived although their answer was lost are not sent once more", () => {
  write(" blue")
  const arrived = outbox.take()
  write(" and green")
  outbox.giveBack()
  outbox.dropStored(Y.encodeStateVectorFromUpdate(Y.mergeUpdates([saved, arrived])))
  const rest = outbox.take()
  assert.equal(withSaved(rest), "Bins:")
  assert.equal(withSaved(arrived, rest), "Bins: blue and green")
})

test("a server that has none of it gets all of it, in one update", () => {
  write(" blue")
  write(" and green")
  outbox.dropStored(Y.encodeStateVectorFromUpdate(saved))
  assert.equal(withSaved(outbox.take()), "Bins: blue and green")
})

test("where nothing waits there is nothing to trim", () => {
  outbox.dropStored(Y.encodeStateVector(doc))
  assert.ok(outbox.empty)
  assert.equal(outbox.take(), null)
})

test("a server that lacks more than what waits gets all it lacks", () => {
  add(doc, "Never sent") // for whatever reason
  write(" blue")
  outbox.widen(Y.encodeStateAsUpdate(doc))
  assert.equal(readOf(outbox.take()), "Bins: blue|Never sent")
  assert.deepEqual(outbox.acknowledged().done, [TEXT])
  assert.equal(outbox.take(), null)
})

test("of what was given up nothing leaves any more", () => {
  write(" blue")
  outbox.take()
  write(" and green")
  outbox.clear()
  assert.ok(outbox.empty && !outbox.busy)
  assert.deepEqual([...outbox.fragments], [])
  assert.equal(outbox.unsent, null)
  write(" anew", ["obstacles.en"])
  outbox.take()
  assert.deepEqual(outbox.acknowledged().done, ["obstacles.en"])
})
