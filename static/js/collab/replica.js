// One replica of a document in this page: what it holds, what of that still has to be sent, where others have their
// carets, and what this browser keeps of it. Once something in it was refused for good, another one takes its place.

import { Y } from "../../vendor/klimawerk-editor.yjs-13.6.33.js"
import { hold } from "../hold.js"
import { Base, recall } from "../store/text-store.js"
import { pendingChanges } from "../store/pending-changes.js"
import { RESTORED } from "../wire.js"
import { messageText } from "../messages.js"
import { CaretStates } from "./caret-states.js"
import { Sender } from "./sender.js"
import { RemovedText } from "./removed-text.js"

const REMOTE = Symbol("from the wire")
/** Why words are offered whose paragraph others took away. */
export const TEXT_REMOVED = "swept"

export class Replica {
  doc = new Y.Doc()
  #name
  #base

  /** @param mayGo, answered: see Sender; `taken` is called when own edits are on the server's disk, `tellCaret` with
   *  the own caret, `swept` with own words ([{fragment, text, key}]) whose paragraph others took away */
  constructor(name, { mayGo, answered, taken, tellCaret, swept }) {
    this.#name = name
    this.#base = new Base(name)
    const kept = (update) => {
      this.#base.add(update)
      taken()
    }
    this.sender = new Sender({ name, replica: this.doc, mayGo, answered, taken: kept })
    this.carets = new CaretStates(this.doc.clientID, tellCaret)
    this.doc.on("update", (update, origin, _doc, transaction) => {
      if (origin !== REMOTE) this.sender.add(update, transaction)
    })
    const fresh = new RemovedText(this.doc, () => this.sender.empty)
    this.doc.on("afterTransaction", (transaction) => {
      if (transaction.origin !== REMOTE) return fresh.note(transaction)
      const texts = fresh.by(transaction)
      if (texts.length) swept(this.sender.forCopying(texts, TEXT_REMOVED))
    })
  }

  /** The document's identity, once it is known. */
  get gen() {
    return this.sender.gen
  }

  /** Edits of others, to be applied as soon as that disturbs nobody. */
  know(updates) {
    for (const update of updates) this.#base.add(update)
  }

  apply(updates) {
    for (const update of updates) Y.applyUpdate(this.doc, update, REMOTE)
  }

  /** What the server has beyond this. @param about {gen, write, reason, by} */
  catchUp(about, update) {
    Y.applyUpdate(this.doc, update, REMOTE)
    this.sender.gen = about.gen
    this.#base.joined(about, update)
  }

  /** Begin with what this browser has kept. Resolves with {write, reason, by} as they were then; null when there is
   *  no text to begin with. */
  async recall() {
    const { base, left } = await recall(this.#name)
    if (base) this.catchUp({ gen: base.gen, write: base.write, reason: base.reason, by: base.by }, base.state)
    this.adopt(left)
    return base && { write: base.write, reason: base.reason, by: base.by }
  }

  /** Words that pages which are gone have left in this browser: sent from here, unless `closed` says why they cannot. */
  adopt(records, closed = "") {
    hold.holdIfOld(records)
    for (const record of records) {
      this.sender.gen ??= record.gen
      const why = closed || (record.gen === this.gen ? "" : RESTORED)
      if (why) pendingChanges.stick(record, messageText(`offer.${why}`))
      else {
        Y.applyUpdate(this.doc, record.update, REMOTE)
        this.sender.adopt(record)
      }
    }
  }

  /** @param forget whether what the browser keeps of it is worth nothing any more */
  end({ forget }) {
    this.#base.end({ forget })
    this.carets.destroy()
  }
}
