// The text of an update that the server did not store: the paragraphs it changes, as plain text.

import { Y } from "../../vendor/klimawerk-editor.yjs-13.6.33.js"

/** [{fragment, text}] of the paragraphs of `doc` with text that `update` inserted and that is still there. */
export function unsentTexts(doc, update) {
  if (!update) return []
  const inserted = ranges(update)
  const unsent = []
  for (const fragment of doc.share.keys()) {
    const texts = paragraphs(doc.getXmlFragment(fragment)).filter((block) => hasText(block, inserted)).map(plainText)
    if (texts.join("").trim()) unsent.push({ fragment, text: texts.join("\n") })
  }
  return unsent
}

function ranges(update) {
  const byClient = new Map()
  for (const { id, length } of Y.decodeUpdate(update).structs) {
    if (!byClient.has(id.client)) byClient.set(id.client, [])
    byClient.get(id.client).push([id.clock, id.clock + length])
  }
  return byClient
}

/** The elements that contain text, in reading order. */
export function paragraphs(node) {
  const children = node.toArray()
  if (children.some((child) => child instanceof Y.XmlText)) return [node]
  return children.filter((child) => child instanceof Y.XmlElement).flatMap(paragraphs)
}

function hasText(block, inserted) {
  return block.toArray().some((child) => {
    if (!(child instanceof Y.XmlText)) return false
    for (let item = child._start; item; item = item.right) if (isInserted(item, inserted)) return true
    return false
  })
}

function isInserted(item, inserted) {
  if (item.deleted || !item.countable) return false
  const end = item.id.clock + item.length
  return (inserted.get(item.id.client) ?? []).some(([from, to]) => item.id.clock < to && from < end)
}

/** Plain text of a paragraph. */
export function plainText(block) {
  return block.toArray().map((child) => (child instanceof Y.XmlText ? textOf(child) : "\n")).join("")
}

function textOf(text) {
  return text.toDelta().map(({ insert }) => (typeof insert === "string" ? insert : "")).join("")
}
