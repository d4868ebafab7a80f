// Text just written in a paragraph that another user removes: it is offered for copying.

import assert from "node:assert/strict"
import { beforeEach, test } from "node:test"
import { RemovedText } from "../../static/js/collab/removed-text.js"
import { Y } from "../../static/vendor/klimawerk-editor.yjs-13.6.33.js"
import { pass, stopClock } from "../clock.mjs"
import { add, copyOf, documentOf, element, paragraph, remove, REMOTE, TEXT, type, updateOf } from "./texts.mjs"

let mine, theirs, offers, saved

/** What I write reaches the other side at once. */
function write(change) {
  Y.applyUpdate(theirs, updateOf(mine, change), REMOTE)
}

/** What the other side does reaches me in one transaction; returns what I am offered. */
function others(change) {
  offers = []
  Y.applyUpdate(mine, updateOf(theirs, change), REMOTE)
  return offers
}

/** A page that watches its own text, as replica.js does. */
function begin(...texts) {
  theirs = documentOf(...texts)
  mine = copyOf(theirs)
  watch(mine)
}

function watch(doc) {
  const fresh = new RemovedText(doc, () => saved)
  doc.on("afterTransaction", (transaction) => {
    if (transaction.origin === REMOTE) offers.push(...fresh.removedBy(transaction))
    else fresh.noteEdit(transaction)
  })
}

beforeEach(() => {
  stopClock()
  saved = true
  offers = []
  begin("Bins are set up.", "They are emptied.")
})

test("a paragraph with words of mine that somebody takes away is offered whole, as it stood", () => {
  write(() => type(mine, 1, " Daily."))
  assert.deepEqual(others(() => remove(theirs, 1)), [{ fragment: TEXT, text: "They are emptied. Daily." }])
})

test("a paragraph I have not written in is not offered, nor one that stays", () => {
  write(() => type(mine, 1, " Daily."))
  assert.deepEqual(others(() => remove(theirs, 0)), [])
  assert.deepEqual(others(() => theirs.getXmlFragment(TEXT).get(0).get(0).delete(0, 20)), []) // a part of its text
  assert.equal(mine.getXmlFragment(TEXT).length, 1)
})

test("who has written nothing, or has only read, is offered nothing", () => {
  assert.deepEqual(others(() => remove(theirs, 1)), [])
})

test("several paragraphs that go at once are all offered, once each", () => {
  write(() => (type(mine, 0, " Blue ones."), type(mine, 1, " Daily."), type(mine, 0, " Really.")))
  const texts = others(() => theirs.getXmlFragment(TEXT).delete(0, 2)).map(({ text }) => text)
  assert.deepEqual(texts.sort(), ["Bins are set up. Blue ones. Really.", "They are emptied. Daily."])
})

test("words that are saved and older than a minute are no longer looked after", async () => {
  write(() => type(mine, 0, " Blue ones."))
  await pass(59_999)
  write(() => type(mine, 1, " Daily."))
  assert.equal(others(() => remove(theirs, 0)).length, 1)
  begin("Bins are set up.", "They are emptied.")
  write(() => type(mine, 0, " Blue ones."))
  await pass(60_000)
  write(() => type(mine, 1, " Daily."))
  assert.deepEqual(others(() => remove(theirs, 0)), [])
  assert.equal(others(() => remove(theirs, 0)).length, 1)
})

test("words that are not saved yet are looked after for as long as they wait", async () => {
  saved = false
  write(() => type(mine, 0, " Blue ones."))
  await pass(60_000)
  write(() => type(mine, 1, " Daily."))
  assert.deepEqual(others(() => remove(theirs, 0)), [{ fragment: TEXT, text: "Bins are set up. Blue ones." }])
})

test("a paragraph that only moves is not offered", () => {
  write(() => type(mine, 0, " Blue ones."))
  assert.deepEqual(others(() => (remove(theirs, 0), add(theirs, "Bins are set up. Blue ones."))), [])
})

test("what I have deleted myself is not offered, neither then nor with the paragraph", () => {
  write(() => type(mine, 1, " Daily. Really."))
  write(() => mine.getXmlFragment(TEXT).get(1).get(0).delete(24, 8))
  assert.deepEqual(offers, [])
  assert.deepEqual(others(() => remove(theirs, 1)), [{ fragment: TEXT, text: "They are emptied. Daily." }])
})

test("a paragraph of which all my words were taken out before is not offered", () => {
  write(() => type(mine, 1, " Daily."))
  others(() => theirs.getXmlFragment(TEXT).get(1).get(0).delete(17, 7))
  assert.deepEqual(others(() => remove(theirs, 1)), [])
})

test("words others had put beside mine are offered with them", () => {
  write(() => type(mine, 1, " Daily."))
  others(() => type(theirs, 1, " At noon."))
  assert.deepEqual(others(() => remove(theirs, 1)), [{ fragment: TEXT, text: "They are emptied. Daily. At noon." }])
})

test("a new paragraph of mine, its lines and its place in a list are kept apart", () => {
  write(() => {
    const broken = element("paragraph", "one", new Y.XmlElement("hard_break"), "two")
    mine.getXmlFragment(TEXT).insert(2, [element("bullet_list", element("list_item", paragraph("point")), element("list_item", broken))])
  })
  const texts = others(() => remove(theirs, 2)).map(({ text }) => text)
  assert.deepEqual(texts.sort(), ["one\ntwo", "point"])
})

test("blanks are no words", () => {
  write(() => add(mine, "  "))
  assert.deepEqual(others(() => remove(theirs, 2)), [])
})

test("it is said in which text they stood", () => {
  write(() => mine.getXmlFragment("obstacles.en").insert(0, [paragraph("Rain."), paragraph("Snow.")]))
  assert.deepEqual(others(() => theirs.getXmlFragment("obstacles.en").delete(1)), [{ fragment: "obstacles.en", text: "Snow." }])
})

test("letters of one piece are told apart: what was typed lately counts, the old beginning does not", async () => {
  write(() => add(mine, "ab"))
  await pass(60_000)
  write(() => type(mine, 2, "cd"))
  others(() => theirs.getXmlFragment(TEXT).get(2).get(0).delete(2, 2)) // only "ab" is left, which is old
  assert.deepEqual(others(() => remove(theirs, 2)), [])
})

test("words of mine at two places of the paragraph, with others written between, bring it back once and whole", () => {
  write(() => type(mine, 1, " Daily."))
  write(() => type(mine, 0, " Blue ones."))
  write(() => type(mine, 1, "Yes: ", 0))
  assert.deepEqual(others(() => remove(theirs, 1)), [{ fragment: TEXT, text: "Yes: They are emptied. Daily." }])
})

test("a line break that I had taken out is not in what is offered", () => {
  write(() => mine.getXmlFragment(TEXT).insert(2, [element("paragraph", "one", new Y.XmlElement("hard_break"), "two")]))
  write(() => mine.getXmlFragment(TEXT).get(2).delete(1))
  assert.deepEqual(others(() => remove(theirs, 2)), [{ fragment: TEXT, text: "onetwo" }])
})

test("words that I have taken out, and that undoing could bring back, are not in what is offered", () => {
  const undo = new Y.UndoManager(mine.getXmlFragment(TEXT), { captureTimeout: 0 })
  write(() => type(mine, 1, " Daily."))
  write(() => type(mine, 1, "Really."))
  write(() => mine.getXmlFragment(TEXT).get(1).get(0).delete(24, 7))
  assert.ok(undo.canUndo())
  assert.deepEqual(others(() => remove(theirs, 0)), [])
  assert.deepEqual(others(() => remove(theirs, 0)), [{ fragment: TEXT, text: "They are emptied. Daily." }])
})

test("nothing is offered, and nothing breaks, when others take out only words of their own", () => {
  new Y.UndoManager(mine.getXmlFragment(TEXT), { captureTimeout: 0 })
  write(() => type(mine, 1, " Daily."))
  write(() => mine.getXmlFragment(TEXT).get(1).get(0).delete(17, 7))
  assert.deepEqual(others(() => theirs.getXmlFragment(TEXT).get(0).get(0).delete(0, 4)), [])
})
