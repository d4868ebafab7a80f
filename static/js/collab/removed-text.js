// Words written here a moment ago, in a paragraph that somebody else's edit (such as bringing back an older text) takes
// away whole: they are found before they are forgotten. It asks nothing of those who only type.

import { Y } from "../../vendor/klimawerk-editor.yjs-13.6.33.js"
import { paragraphs, plain } from "./unsent-text.js"

const FRESH = 60_000 // ms for which own words count as just written; unsent ones count as long as they wait

export class RemovedText {
  #doc
  #settled
  #written = []

  /** @param settled whether all own edits are on the server */
  constructor(doc, settled) {
    this.#doc = doc
    this.#settled = settled
  }

  /** An edit made here. */
  note({ beforeState, afterState }) {
    const id = this.#doc.clientID
    const [from, to] = [beforeState.get(id) ?? 0, afterState.get(id) ?? 0]
    if (this.#settled()) this.#written = this.#written.filter(({ at }) => Date.now() - at < FRESH)
    if (to > from) this.#written.push({ from, to, at: Date.now() })
  }

  /** [{fragment, text}] of paragraphs with own fresh words that this edit of others took away, and that stand nowhere
   *  else in the text now. To be asked before the library forgets what was deleted. */
  by({ deleteSet }) {
    const gone = deleteSet.clients.get(this.#doc.clientID)
    if (!gone || !this.#written.length) return []
    const blocks = this.#own(gone).map((item) => item.parent._item?.parent)
    const lost = new Set(blocks.filter((block) => block instanceof Y.XmlElement && block._item.deleted))
    return [...lost].map((block) => this.#offer(block, deleteSet)).filter(Boolean)
  }

  #own(gone) {
    const touches = (item, { from, to }) => item.id.clock < to && from < item.id.clock + item.length
    const isGone = ({ clock, len }) => ({ from: clock, to: clock + len })
    const items = this.#doc.store.clients.get(this.#doc.clientID) ?? []
    const fresh = items.filter((item) => item.deleted && item.parent && typeof item.content?.str === "string")
    return fresh.filter((item) => this.#written.some((one) => touches(item, one)) && gone.some((one) => touches(item, isGone(one))))
  }

  #offer(block, deleteSet) {
    const text = before(block, deleteSet).trim()
    const root = rootOf(block)
    const fragment = [...this.#doc.share].find(([, type]) => type === root)?.[0]
    const now = paragraphs(root).map(plain).join("\n")
    return text && fragment && !now.includes(text) ? { fragment, text } : null
  }
}

/** What stood in a block until this edit. */
function before(block, deleteSet) {
  const wasThere = (item) => !item.deleted || isIn(deleteSet, item.id)
  return children(block).filter(wasThere).map(({ content }) => wordsOf(content?.type, wasThere)).join("")
}

function wordsOf(type, wasThere) {
  if (!(type instanceof Y.XmlText)) return "\n"
  return children(type).filter(wasThere).map(({ content }) => content.str ?? "").join("")
}

function children(type) {
  const found = []
  for (let item = type._start; item; item = item.right) found.push(item)
  return found
}

function isIn(deleteSet, { client, clock }) {
  return (deleteSet.clients.get(client) ?? []).some((one) => one.clock <= clock && clock < one.clock + one.len)
}

function rootOf(type) {
  while (type._item) type = type._item.parent
  return type
}
