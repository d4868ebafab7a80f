// One live document: joins, passes own updates to the sender, applies updates of others. It knows no editor. Events:
// "ready" (there is a text, perhaps from this browser's store), "joined", "incoming" (updates of others are about to be
// applied), "taken" (own updates are stored by the server), "replaced" (there is a new replica), "access", "people",
// "closed", "refused" (detail: {offers: [{fragment, text, key}], error}).

import { retryDelay } from "../backoff.js"
import { connection } from "../connection.js"
import { device } from "../store/device.js"
import { Timers } from "../timers.js"
import * as wire from "../wire.js"
import { DocumentPresence } from "./document-presence.js"
import { decode } from "./base64.js"
import { Composition } from "./composition.js"
import { CLOSE_REASONS, LEFT, FATAL_ERRORS } from "./close-reasons.js"
import { Replica, TEXT_REMOVED } from "./replica.js"
import { Sequence } from "./sequence.js"
import { joinDocument } from "./join.js"

export class LiveDocument extends DocumentPresence {
  composing = new Composition(() => this.#current.sender.schedule())
  #joining = false
  #attempt = 0
  #serverLacksMore = false
  #current = null
  #loaded = null
  #timers = new Timers()
  #sequence = new Sequence(() => this.join())

  constructor(name) {
    super()
    this.name = name
    this.#createReplica()
    this.#loaded = this.#load()
  }

  /** The Yjs document. It is another one after "replaced". */
  get replica() {
    return this.#current.doc
  }

  get carets() {
    return this.#current.carets
  }

  /** Join, and exchange what each side is missing. */
  async join() {
    if (this.closed || this.#joining || !connection.online) return
    this.#joining = true
    await this.#loaded
    this.suspend()
    const page = connection.id
    const current = this.#current
    const answer = await joinDocument(this.name, current.doc, current.gen)
    this.#joining = false
    if (this.closed) return
    // The answer is for another connection, or has only what a replaced replica lacked.
    if (page !== connection.id || current !== this.#current) return this.join()
    if (!answer.ok) return this.#notJoined(answer.error)
    if (this.#current.gen && answer.gen !== this.#current.gen) return this.#replaceReplica(wire.RESTORED)
    this.#catchUp(answer)
  }

  /** Send nothing until the document is joined again. */
  suspend() {
    this.joined = false
    this.#timers.cancel("join")
    this.#sequence.reset()
    this.#current.sender.giveBack()
  }

  /** Send what waits now: the server can store again, or the hold was released. */
  flush() {
    this.joined ? this.#current.sender.send() : this.join()
  }

  /** Updates of others, numbered after `from` up to `seq`. */
  receive({ from, seq, u }) {
    const replica = this.#current
    const updates = u.map(decode)
    replica.store(updates)
    this.composing.after(() => {
      if (replica !== this.#current) return
      this.emit("incoming")
      replica.apply(updates)
    })
    this.#sequence.cover(from, seq)
  }

  /** The user's write access has changed. */
  setAccess({ write, reason = "", by = "" }) {
    Object.assign(this, { write, reason, by })
    if (write) this.#current.sender.schedule()
    else this.#stopWriting()
    this.emit("access")
  }

  /** Close the document: deleted, access revoked, or LEFT. RESTORED: it is joined again with a new replica. */
  close(reason) {
    if (reason === wire.RESTORED) return this.#replaceReplica(reason)
    // Text written with an outdated editor is sent after the page has been reloaded.
    if (reason !== wire.OUTDATED || device.shared) this.#giveUp(reason)
    this.suspend()
    this.#current.end({ forget: reason !== LEFT })
    this.closed = reason
    this.emit("closed")
  }

  /** Send the records of unsent text that closed pages have left in this browser's store. */
  async adopt(records) {
    await this.#loaded
    this.emit("incoming")
    this.#current.adopt(records, this.closed)
  }

  /** Whether everything written here is stored by the server. */
  get settled() {
    return this.#current.sender.empty
  }

  /** Load what this browser has stored of the document. */
  async #load() {
    const stored = await this.#current.load()
    if (!stored) return
    Object.assign(this, { ...stored, ready: true })
    this.emit("ready")
  }

  #createReplica() {
    this.#current = new Replica(this.name, {
      maySend: () => this.joined && this.write && !this.composing.holdsUpdates,
      answered: (answer) => this.#answered(answer),
      onStored: () => this.emit("taken"),
      sendCaret: (a) => this.joined && connection.emit(wire.DOC_AWARENESS, { doc: this.name, a }),
      removed: (offers) => this.#offerCopies(offers, TEXT_REMOVED),
    })
  }

  #catchUp({ gen, sv, write, reason = "", by = "", seq, people, awareness, update }) {
    this.#current.catchUp({ gen, write, reason, by }, update)
    this.#sequence.start(seq)
    this.#current.sender[this.#serverLacksMore ? "widen" : "dropStored"](decode(sv))
    this.#attempt = 0
    this.#serverLacksMore = false
    Object.assign(this, { ready: true, joined: true, write, reason, by })
    this.setPeople(people)
    for (const { sid, a } of awareness) this.carets.receive(sid, a)
    if (this.carets.shown) this.carets.sendCaret()
    if (!write) this.#stopWriting()
    this.emit("joined")
    this.#current.sender.send()
  }

  #notJoined(error) {
    if (CLOSE_REASONS[error]) this.close(CLOSE_REASONS[error])
    else if (error !== wire.LOGIN_REQUIRED) this.#joinLater()
  }

  #joinLater() {
    this.joined = false
    this.#timers.restart("join", retryDelay(this.#attempt++), () => this.join())
  }

  #answered({ ok, seq, error }) {
    if (ok) this.#sequence.cover(seq - 1, seq)
    else if (FATAL_ERRORS.includes(error)) this.#replaceReplica(error)
    else if (error === wire.NOT_FOUND) this.close(wire.DELETED)
    else if (error === wire.RESYNC || error === wire.NOT_JOINED) {
      this.#serverLacksMore = error === wire.RESYNC
      this.#joinLater()
    } else if (connection.online) this.#current.sender.retryLater()
    if (ok && !this.write) this.#stopWriting()
  }

  /** An update under way may still arrive; what waits behind it cannot be sent any more. */
  #stopWriting() {
    if (!this.#current.sender.busy && !this.#current.sender.empty) this.#replaceReplica(wire.LOCKED)
  }

  /** Replace the replica: take out the unsent text, for copying, and join with a new one. */
  #replaceReplica(error) {
    this.#giveUp(error)
    const old = this.replica
    this.suspend()
    this.#current.end({ forget: true })
    this.ready = false
    this.#createReplica()
    this.emit("replaced")
    old.destroy()
    this.join()
  }

  #giveUp(error) {
    this.#offerCopies(this.#current.sender.giveUp(error), error)
  }

  #offerCopies(offers, error) {
    if (offers.length) this.dispatchEvent(new CustomEvent("refused", { detail: { offers, error } }))
  }
}
