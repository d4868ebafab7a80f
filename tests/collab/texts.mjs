// Documents of the browser's own Yjs, as the editor makes them: paragraphs in texts.

import { Y } from "../../static/vendor/klimawerk-editor.yjs-13.6.33.js"

export const TEXT = "description.en"
export const REMOTE = "from the wire"

export const paragraph = (words) => element("paragraph", words)

export function element(name, ...children) {
  const made = new Y.XmlElement(name)
  made.insert(0, children.map((child) => (typeof child === "string" ? new Y.XmlText(child) : child)))
  return made
}

/** A document with these paragraphs, or with the content of another one. */
export function documentOf(...paragraphs) {
  const doc = new Y.Doc()
  if (paragraphs.length) add(doc, ...paragraphs)
  return doc
}

export function copyOf(doc) {
  const copy = new Y.Doc()
  Y.applyUpdate(copy, Y.encodeStateAsUpdate(doc), REMOTE)
  return copy
}

/** Append a paragraph for each of these to the text. */
export function add(doc, ...paragraphs) {
  const text = doc.getXmlFragment(TEXT)
  text.insert(text.length, paragraphs.map(paragraph))
}

/** Type `words` into paragraph `n`, at its end unless a position is given. */
export function type(doc, n, words, place = undefined) {
  const text = doc.getXmlFragment(TEXT).get(n).get(0)
  text.insert(place ?? text.length, words)
}

export function remove(doc, n) {
  doc.getXmlFragment(TEXT).delete(n)
}

export function wordsOf(doc, text = TEXT) {
  return doc.getXmlFragment(text).toString().replace(/<\/paragraph>(?!$)/g, "|").replace(/<[^>]*>/g, "")
}

/** The update of a change. */
export function updateOf(doc, change) {
  const before = Y.encodeStateVector(doc)
  doc.transact(change)
  return Y.encodeStateAsUpdate(doc, before)
}

/** The text of a client that has `updates` alone. */
export function readOf(...updates) {
  const doc = new Y.Doc()
  for (const update of updates) Y.applyUpdate(doc, update)
  return wordsOf(doc)
}
