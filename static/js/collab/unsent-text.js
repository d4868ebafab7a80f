// Which words an update holds that the server never took: the paragraphs it touches, as plain text.

import { Y } from "../../vendor/klimawerk-editor.yjs-13.6.33.js"

/** [{fragment, text}] of the paragraphs of `doc` in which `update` wrote something that is still there. */
export function unsentTexts(doc, update) {
  if (!update) return []
  const written = ranges(update)
  const found = []
  for (const fragment of doc.share.keys()) {
    const texts = paragraphs(doc.getXmlFragment(fragment)).filter((block) => touches(block, written)).map(plain)
    if (texts.join("").trim()) found.push({ fragment, text: texts.join("\n") })
  }
  return found
}

function ranges(update) {
  const byClient = new Map()
  for (const { id, length } of Y.decodeUpdate(update).structs) {
    if (!byClient.has(id.client)) byClient.set(id.client, [])
    byClient.get(id.client).push([id.clock, id.clock + length])
  }
  return byClient
}

/** The elements that hold text, in reading order. */
export function paragraphs(node) {
  const children = node.toArray()
  if (children.some((child) => child instanceof Y.XmlText)) return [node]
  return children.filter((child) => child instanceof Y.XmlElement).flatMap(paragraphs)
}

function touches(block, written) {
  return block.toArray().some((child) => {
    if (!(child instanceof Y.XmlText)) return false
    for (let item = child._start; item; item = item.right) if (isNew(item, written)) return true
    return false
  })
}

function isNew(item, written) {
  if (item.deleted || !item.countable) return false
  const end = item.id.clock + item.length
  return (written.get(item.id.client) ?? []).some(([from, to]) => item.id.clock < to && from < end)
}

/** A paragraph's words. */
export function plain(block) {
  return block.toArray().map((child) => (child instanceof Y.XmlText ? textOf(child) : "\n")).join("")
}

function textOf(text) {
  return text.toDelta().map(({ insert }) => (typeof insert === "string" ? insert : "")).join("")
}
