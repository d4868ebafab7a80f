// One replica of a document in this page: the Yjs document, its unsent updates, the carets of others, and what this
// browser stores of it. It is replaced once an update was refused for good.

import { Y } from "../../vendor/klimawerk-editor.yjs-13.6.33.js"
import { hold } from "../hold.js"
import { Base, load } from "../store/text-store.js"
import { pendingChanges } from "../store/pending-changes.js"
import { RESTORED } from "../wire.js"
import { messageText } from "../messages.js"
import { CaretStates } from "./caret-states.js"
import { Sender } from "./sender.js"
import { RemovedText } from "./removed-text.js"

const REMOTE = Symbol("from the wire")
/** Message key of the reason: the paragraph was removed by others. */
export const TEXT_REMOVED = "swept"

export class Replica {
  doc = new Y.Doc()
  #name
  #base

  /** @param maySend, answered: see Sender; `onStored` is called when own updates are stored by the server, `sendCaret`
   *  with the own caret, `removed` with own text ([{fragment, text, key}]) whose paragraph others have removed */
  constructor(name, { maySend, answered, onStored, sendCaret, removed }) {
    this.#name = name
    this.#base = new Base(name)
    const acknowledged = (update) => {
      this.#base.add(update)
      onStored()
    }
    this.sender = new Sender({ name, replica: this.doc, maySend, answered, onStored: acknowledged })
    this.carets = new CaretStates(this.doc.clientID, sendCaret)
    this.doc.on("update", (update, origin, _doc, transaction) => {
      if (origin !== REMOTE) this.sender.add(update, transaction)
    })
    const removedText = new RemovedText(this.doc, () => this.sender.empty)
    this.doc.on("afterTransaction", (transaction) => {
      if (transaction.origin !== REMOTE) return removedText.noteEdit(transaction)
      const removedTexts = removedText.removedBy(transaction)
      if (removedTexts.length) removed(this.sender.forCopying(removedTexts, TEXT_REMOVED))
    })
  }

  /** The document's identity, once it is known. */
  get gen() {
    return this.sender.gen
  }

  /** Store updates of others in this browser; they are applied later. */
  store(updates) {
    for (const update of updates) this.#base.add(update)
  }

  apply(updates) {
    for (const update of updates) Y.applyUpdate(this.doc, update, REMOTE)
  }

  /** Apply what the server has beyond this replica. @param about {gen, write, reason, by} */
  catchUp(about, update) {
    Y.applyUpdate(this.doc, update, REMOTE)
    this.sender.gen = about.gen
    this.#base.joined(about, update)
  }

  /** Load what this browser has stored. Resolves with {write, reason, by} as stored; null when there is no text. */
  async load() {
    const { base, left } = await load(this.#name)
    if (base) this.catchUp({ gen: base.gen, write: base.write, reason: base.reason, by: base.by }, base.state)
    this.adopt(left)
    return base && { write: base.write, reason: base.reason, by: base.by }
  }

  /** Send records of unsent text that closed pages have left, unless `closed` says why that is impossible. */
  adopt(records, closed = "") {
    hold.holdIfOld(records)
    for (const record of records) {
      this.sender.gen ??= record.gen
      const reason = closed || (record.gen === this.gen ? "" : RESTORED)
      if (reason) pendingChanges.stick(record, messageText(`offer.${reason}`))
      else {
        Y.applyUpdate(this.doc, record.update, REMOTE)
        this.sender.adopt(record)
      }
    }
  }

  /** @param forget whether to delete what the browser has stored of it */
  end({ forget }) {
    this.#base.end({ forget })
    this.carets.destroy()
  }
}
