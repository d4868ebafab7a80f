// One live document on the wire: joins, hands its own edits to the sender, follows those of others. It knows no
// editor. Events: "ready" (there is something to write in, be it from this browser's store), "joined", "incoming"
// (others' edits are about to be applied), "taken" (own edits are on the server's disk), "replaced" (the replica is a
// new one), "access", "people", "closed", "refused" (detail: {offers: [{fragment, text, key}], error}).

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
  composing = new Composition(() => this.#own.sender.soon())
  #joining = false
  #attempt = 0
  #lacking = false
  #own = null
  #recalled = null
  #timers = new Timers()
  #sequence = new Sequence(() => this.join())

  constructor(name) {
    super()
    this.name = name
    this.#begin()
    this.#recalled = this.#recall()
  }

  /** The Yjs document. It is another one after "replaced". */
  get replica() {
    return this.#own.doc
  }

  get carets() {
    return this.#own.carets
  }

  /** Catch up with the server, both ways. */
  async join() {
    if (this.closed || this.#joining || !connection.online) return
    this.#joining = true
    await this.#recalled
    this.cutOff()
    const page = connection.id
    const answer = await joinDocument(this.name, this.replica, this.#own.gen)
    this.#joining = false
    if (this.closed) return
    if (page !== connection.id) return this.join()
    if (!answer.ok) return this.#notJoined(answer.error)
    if (this.#own.gen && answer.gen !== this.#own.gen) return this.#startAnew(wire.RESTORED)
    this.#catchUp(answer)
  }

  /** Nothing is sent until the document is joined again. */
  cutOff() {
    this.joined = false
    this.#timers.cancel("join")
    this.#sequence.reset()
    this.#own.sender.giveBack()
  }

  /** The server can store again: what waits need not wait its turn. */
  hurry() {
    this.joined ? this.#own.sender.send() : this.join()
  }

  /** A frame of others' edits; it covers (from, seq]. */
  receive({ from, seq, u }) {
    const own = this.#own
    const updates = u.map(decode)
    own.know(updates)
    this.composing.after(() => {
      if (own !== this.#own) return
      this.tell("incoming")
      own.apply(updates)
    })
    this.#sequence.cover(from, seq)
  }

  /** Writing was closed or opened for this person, at once. */
  allow({ write, reason = "", by = "" }) {
    Object.assign(this, { write, reason, by })
    if (write) this.#own.sender.soon()
    else this.#stopWriting()
    this.tell("access")
  }

  /** The document is gone for this person, was replaced by an older copy of itself, or is left (LEFT). */
  shut(reason) {
    if (reason === wire.RESTORED) return this.#startAnew(reason)
    // What an old editor wrote is sent by the next one, once the page is loaded again.
    if (reason !== wire.OUTDATED || device.shared) this.#giveUp(reason)
    this.cutOff()
    this.#own.end({ forget: reason !== LEFT })
    this.closed = reason
    this.tell("closed")
  }

  /** Words that pages which are gone have left in this browser, to be sent from here. */
  async adopt(records) {
    await this.#recalled
    this.tell("incoming")
    this.#own.adopt(records, this.closed)
  }

  /** Whether everything that was written here is on the server. */
  get settled() {
    return this.#own.sender.empty
  }

  /** Begin with what this browser has kept of it. */
  async #recall() {
    const found = await this.#own.recall()
    if (!found) return
    Object.assign(this, { ...found, ready: true })
    this.tell("ready")
  }

  #begin() {
    this.#own = new Replica(this.name, {
      mayGo: () => this.joined && this.write && !this.composing.holds,
      answered: (answer) => this.#answered(answer),
      taken: () => this.tell("taken"),
      tellCaret: (a) => this.joined && connection.tell(wire.DOC_AWARENESS, { doc: this.name, a }),
      swept: (offers) => this.#offer(offers, TEXT_REMOVED),
    })
  }

  #catchUp({ gen, sv, write, reason = "", by = "", seq, people, awareness, update }) {
    this.#own.catchUp({ gen, write, reason, by }, update)
    this.#sequence.start(seq)
    this.#own.sender[this.#lacking ? "widen" : "trim"](decode(sv))
    this.#attempt = 0
    this.#lacking = false
    Object.assign(this, { ready: true, joined: true, write, reason, by })
    this.meet(people)
    for (const { sid, a } of awareness) this.carets.receive(sid, a)
    if (this.carets.shown) this.carets.tell()
    if (!write) this.#stopWriting()
    this.tell("joined")
    this.#own.sender.send()
  }

  #notJoined(error) {
    if (CLOSE_REASONS[error]) this.shut(CLOSE_REASONS[error])
    else if (error !== wire.LOGIN_REQUIRED) this.#joinLater()
  }

  #joinLater() {
    this.joined = false
    this.#timers.anew("join", retryDelay(this.#attempt++), () => this.join())
  }

  #answered({ ok, seq, error }) {
    if (ok) this.#sequence.cover(seq - 1, seq)
    else if (FATAL_ERRORS.includes(error)) this.#startAnew(error)
    else if (error === wire.NOT_FOUND) this.shut(wire.DELETED)
    else if (error === wire.RESYNC || error === wire.NOT_JOINED) this.#resync(error)
    else if (connection.online) this.#own.sender.later()
    if (ok && !this.write) this.#stopWriting()
  }

  #resync(error) {
    this.#lacking = error === wire.RESYNC
    this.#joinLater()
  }

  /** What is under way may still arrive; what waits behind it may not go any more. */
  #stopWriting() {
    if (!this.#own.sender.busy && !this.#own.sender.empty) this.#startAnew(wire.LOCKED)
  }

  /** Nothing can be built on this replica any more: take out the unsent words and begin with a new one. */
  #startAnew(error) {
    this.#giveUp(error)
    const old = this.replica
    this.cutOff()
    this.#own.end({ forget: true })
    this.ready = false
    this.#begin()
    this.tell("replaced")
    old.destroy()
    this.join()
  }

  #giveUp(error) {
    this.#offer(this.#own.sender.giveUp(error), error)
  }

  #offer(offers, error) {
    if (offers.length) this.dispatchEvent(new CustomEvent("refused", { detail: { offers, error } }))
  }
}
