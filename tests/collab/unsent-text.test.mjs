// The text that a user gets for copying when it could not be sent: whole paragraphs, and not more.

import assert from "node:assert/strict"
import { test } from "node:test"
import { paragraphs, plainText, unsentTexts } from "../../static/js/collab/unsent-text.js"
import { Y } from "../../static/vendor/klimawerk-editor.yjs-13.6.33.js"
import { add, copyOf, documentOf, element, paragraph, remove, REMOTE, TEXT, type, updateOf } from "./texts.mjs"

const unsent = (doc, change) => unsentTexts(doc, updateOf(doc, change))

test("the paragraphs somebody wrote in come back whole, those beside them do not", () => {
  const doc = documentOf("Bins are set up.", "They are emptied.", "Nobody pays.")
  const found = unsent(doc, () => (type(doc, 2, " Not yet."), type(doc, 0, "Blue ", 0)))
  assert.deepEqual(found, [{ fragment: TEXT, text: "Blue Bins are set up.\nNobody pays. Not yet." }])
})

test("where everything is sent there is nothing to give back", () => {
  const doc = documentOf("Bins are set up.")
  assert.deepEqual(unsentTexts(doc, null), [])
  assert.deepEqual(unsent(doc, () => {}), [])
})

test("each text gives back its own words, in the order of the texts", () => {
  const doc = documentOf("Bins.")
  doc.getXmlFragment("obstacles.en").insert(0, [paragraph("Rain."), paragraph("Snow.")])
  const found = unsent(doc, () => {
    type(doc, 0, " Blue.")
    doc.getXmlFragment("obstacles.en").get(1).get(0).insert(5, " Frost.")
  })
  assert.deepEqual(found, [{ fragment: TEXT, text: "Bins. Blue." }, { fragment: "obstacles.en", text: "Snow. Frost." }])
})

test("what was written and taken out again is not given back, nor a paragraph that is gone", () => {
  const doc = documentOf("Bins.", "They are emptied.")
  assert.deepEqual(unsent(doc, () => (type(doc, 0, " Blue."), doc.getXmlFragment(TEXT).get(0).get(0).delete(5, 6))), [])
  assert.deepEqual(unsent(doc, () => (type(doc, 1, " Daily."), remove(doc, 1))), [])
})

test("what somebody merely deleted leaves no words to give back", () => {
  const doc = documentOf("Bins are set up.")
  assert.deepEqual(unsent(doc, () => doc.getXmlFragment(TEXT).get(0).get(0).delete(0, 5)), [])
})

test("words made bold are given back as words, and a mark alone is no words", () => {
  const doc = documentOf("Bins are set up.")
  const text = doc.getXmlFragment(TEXT).get(0).get(0)
  assert.deepEqual(unsent(doc, () => text.format(0, 4, { strong: {} })), [])
  assert.deepEqual(unsent(doc, () => text.insert(4, " too", { strong: {} }))[0].text, "Bins too are set up.")
})

test("a new paragraph without words is not given back", () => {
  const doc = documentOf("Bins.")
  assert.deepEqual(unsent(doc, () => add(doc, "  ")), [])
})

test("what others wrote in other paragraphs is not given back", () => {
  const doc = documentOf("Bins.", "Emptied.")
  const other = copyOf(doc)
  Y.applyUpdate(doc, updateOf(other, () => type(other, 1, " Daily.")), REMOTE)
  assert.deepEqual(unsent(doc, () => type(doc, 0, " Blue.")), [{ fragment: TEXT, text: "Bins. Blue." }])
})

test("only the letters that were not sent count, not those the same page sent before", () => {
  const doc = documentOf("Bins.", "Emptied.")
  type(doc, 0, " Sent.") // Yjs stores characters typed one after the other in one item
  const found = unsent(doc, () => type(doc, 1, " Unsent."))
  assert.deepEqual(found, [{ fragment: TEXT, text: "Emptied. Unsent." }])
  const before = Y.encodeStateVector(doc)
  type(doc, 1, "!")
  type(doc, 0, "?")
  const neither = Y.diffUpdate(Y.encodeStateAsUpdate(doc), before)
  assert.deepEqual(unsentTexts(doc, neither), [{ fragment: TEXT, text: "Bins. Sent.?\nEmptied. Unsent.!" }])
})

test("of a piece that was sent in part the paragraph comes back, and not because of its sent part alone", () => {
  const doc = documentOf("Bins.")
  const first = updateOf(doc, () => type(doc, 0, "a"))
  const second = updateOf(doc, () => type(doc, 0, "b")) // merged into one item with "a"
  for (const update of [first, second]) assert.deepEqual(unsentTexts(doc, update), [{ fragment: TEXT, text: "Bins.ab" }])
  const text = doc.getXmlFragment(TEXT).get(0).get(0)
  text.delete(6, 1)
  assert.deepEqual(unsentTexts(doc, second), [])
  assert.deepEqual(unsentTexts(doc, first), [{ fragment: TEXT, text: "Bins.a" }])
})

test("lists and quotations come back by their paragraphs, in reading order, with line breaks", () => {
  const doc = new Y.Doc()
  const item = (words) => element("list_item", paragraph(words))
  const found = unsent(doc, () => {
    const broken = element("paragraph", "one", new Y.XmlElement("hard_break"), "two")
    doc.getXmlFragment(TEXT).insert(0, [element("bullet_list", item("first"), item("second")), broken])
  })
  assert.deepEqual(found, [{ fragment: TEXT, text: "first\nsecond\none\ntwo" }])
  assert.deepEqual(paragraphs(doc.getXmlFragment(TEXT)).map(plainText), ["first", "second", "one\ntwo"])
})

test("a line break alone makes no paragraph one that was written in", () => {
  const doc = documentOf("Bins.")
  doc.getXmlFragment(TEXT).insert(1, [element("paragraph", "one", new Y.XmlElement("hard_break"), "two")])
  assert.deepEqual(unsent(doc, () => type(doc, 0, " Blue.")), [{ fragment: TEXT, text: "Bins. Blue." }])
})

test("a letter typed elsewhere right before or after does not count", () => {
  const doc = documentOf("Bins.", "Emptied.", "Paid.")
  type(doc, 0, "a")
  const update = updateOf(doc, () => type(doc, 1, "b"))
  type(doc, 2, "c")
  assert.deepEqual(unsentTexts(doc, update), [{ fragment: TEXT, text: "Emptied.b" }])
})

test("a picture or the like within a sentence has no words", () => {
  const doc = documentOf("Bins.")
  const text = doc.getXmlFragment(TEXT).get(0).get(0)
  assert.equal(unsent(doc, () => (text.insertEmbed(0, { image: "x" }), type(doc, 0, " Blue.")))[0].text, "Bins. Blue.")
})
