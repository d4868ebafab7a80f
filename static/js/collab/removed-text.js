// Finds recently written own text whose paragraph an update of others removes whole (as when an older text is brought
// back), before Yjs forgets it. Typing alone costs nothing.

import { Y } from "../../vendor/klimawerk-editor.yjs-13.6.33.js"
import { paragraphs, plainText } from "./unsent-text.js"

const RECENT = 60_000 // ms for which own text counts as recent; unsent text does as long as it waits

export class RemovedText {
  #doc
  #settled
  #edits = []

  /** @param settled whether all own updates are stored by the server */
  constructor(doc, settled) {
    this.#doc = doc
    this.#settled = settled
  }

  /** Note the range of an own edit. */
  noteEdit({ beforeState, afterState }) {
    const id = this.#doc.clientID
    const [from, to] = [beforeState.get(id) ?? 0, afterState.get(id) ?? 0]
    if (this.#settled()) this.#edits = this.#edits.filter(({ at }) => Date.now() - at < RECENT)
    if (to > from) this.#edits.push({ from, to, at: Date.now() })
  }

  /** [{fragment, text}] of paragraphs with recent own text that this transaction of others removed and that occur
   *  nowhere else in the text. Call it before Yjs garbage-collects what was deleted. */
  removedBy({ deleteSet }) {
    const deletedRanges = deleteSet.clients.get(this.#doc.clientID)
    if (!deletedRanges || !this.#edits.length) return []
    const parents = this.#deletedItems(deletedRanges).map((item) => item.parent._item?.parent)
    const removed = new Set(parents.filter((block) => block instanceof Y.XmlElement && block._item.deleted))
    return [...removed].map((block) => this.#removedText(block, deleteSet)).filter(Boolean)
  }

  #deletedItems(deletedRanges) {
    const overlaps = (item, { from, to }) => item.id.clock < to && from < item.id.clock + item.length
    const rangeOf = ({ clock, len }) => ({ from: clock, to: clock + len })
    const items = this.#doc.store.clients.get(this.#doc.clientID) ?? []
    const deleted = items.filter((item) => item.deleted && item.parent && typeof item.content?.str === "string")
    return deleted.filter((item) => this.#edits.some((range) => overlaps(item, range)) && deletedRanges.some((range) => overlaps(item, rangeOf(range))))
  }

  #removedText(block, deleteSet) {
    const text = textBefore(block, deleteSet).trim()
    const root = rootOf(block)
    const fragment = [...this.#doc.share].find(([, type]) => type === root)?.[0]
    const present = paragraphs(root).map(plainText).join("\n")
    return text && fragment && !present.includes(text) ? { fragment, text } : null
  }
}

/** The text of a block before this transaction. */
function textBefore(block, deleteSet) {
  const wasThere = (item) => !item.deleted || isIn(deleteSet, item.id)
  return children(block).filter(wasThere).map(({ content }) => textOf(content?.type, wasThere)).join("")
}

function textOf(type, wasThere) {
  if (!(type instanceof Y.XmlText)) return "\n"
  return children(type).filter(wasThere).map(({ content }) => content.str ?? "").join("")
}

function children(type) {
  const items = []
  for (let item = type._start; item; item = item.right) items.push(item)
  return items
}

function isIn(deleteSet, { client, clock }) {
  return (deleteSet.clients.get(client) ?? []).some((range) => range.clock <= clock && clock < range.clock + range.len)
}

function rootOf(type) {
  while (type._item) type = type._item.parent
  return type
}
