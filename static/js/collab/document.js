// One live document on the wire: joins, hands its own edits to the sender, follows those of others. It knows no
// editor. Events: "ready" (there is something to write in, be it from this browser's store), "joined", "incoming"
// (others' edits are about to be applied), "taken" (own edits are on the server's disk), "replaced" (the replica is a
// new one), "access", "people", "closed", "refused" (detail: {offers: [{fragment, text, key}], error}).

import { Y } from "../../vendor/klimawerk-editor.yjs-13.6.33.js"
import { pause } from "../backoff.js"
import { connection } from "../connection.js"
import { gate } from "../gate.js"
import { device } from "../store/device.js"
import { Base, recall } from "../store/texts.js"
import { waiting } from "../store/waiting.js"
import { Timers } from "../timers.js"
import * as wire from "../wire.js"
import { word } from "../words.js"
import { decode } from "./base64.js"
import { Carets } from "./carets.js"
import { Composing } from "./composing.js"
import { Sender } from "./sender.js"
import { Sequence } from "./sequence.js"
import { askToJoin } from "./welcome.js"

const GAP = 2_000
const REMOTE = Symbol("from the wire")
const POISONING = [wire.LOCKED, wire.FORBIDDEN, wire.INVALID, wire.TOO_LARGE]
const GONE = { [wire.NOT_FOUND]: wire.DELETED, [wire.FORBIDDEN]: wire.REVOKED, [wire.OUTDATED]: wire.OUTDATED }
const GIVEN = { [wire.DELETED]: true, [wire.REVOKED]: true }

export class LiveDocument extends EventTarget {
  people = new Map()
  ready = false
  joined = false
  write = false
  reason = ""
  by = ""
  closed = ""
  composing = new Composing()
  #gen = null
  #joining = false
  #attempt = 0
  #lacking = false
  #sender = null
  #base = null
  #recalled = null
  #timers = new Timers()
  #sequence = new Sequence()

  constructor(name) {
    super()
    this.name = name
    this.#begin()
    this.#recalled = this.#recall()
  }

  /** Catch up with the server, both ways. */
  async join() {
    if (this.closed || this.#joining || !connection.online) return
    this.#joining = true
    await this.#recalled
    this.cutOff()
    const page = connection.id
    const answer = await askToJoin(this.name, this.replica, this.#gen)
    this.#joining = false
    if (this.closed) return
    if (page !== connection.id) return this.join()
    if (!answer.ok) return this.#notJoined(answer.error)
    if (this.#gen && answer.gen !== this.#gen) return this.#startAnew(wire.RESTORED)
    this.#catchUp(answer)
  }

  /** Nothing is sent until the document is joined again. */
  cutOff() {
    this.joined = false
    this.#timers.cancel("join", "gap")
    this.#sender.giveBack()
  }

  /** The server can store again: what waits need not wait its turn. */
  hurry() {
    this.#sender.send()
  }

  /** A frame of others' edits; it covers (from, seq]. */
  receive({ from, seq, u }) {
    const { replica } = this
    const updates = u.map(decode)
    this.composing.after(() => {
      if (replica !== this.replica) return
      this.#tell("incoming")
      for (const update of updates) Y.applyUpdate(replica, update, REMOTE)
    })
    for (const update of updates) this.#base.add(update)
    this.#seen(from, seq)
  }

  /** Who has this document open now, as the server says. */
  meet(people) {
    this.people = new Map(people.map((person) => [person.sid, person]))
    this.carets.keep(this.people)
    this.#tell("people")
  }

  /** Writing was closed or opened for this person, at once. */
  allow({ write, reason = "", by = "" }) {
    Object.assign(this, { write, reason, by })
    if (write) this.#sender.soon()
    else this.#stopWriting()
    this.#tell("access")
  }

  /** The document is gone for this person, or was replaced by an older copy of itself. */
  shut(reason) {
    if (reason === wire.RESTORED) return this.#startAnew(reason)
    // What an old editor wrote is sent by the next one, once the page is loaded again.
    if (reason !== wire.OUTDATED || device.shared) this.#giveUp(reason)
    this.cutOff()
    this.#base.end({ forget: true })
    this.closed = reason
    this.#tell("closed")
  }

  /** Words that a page which is gone has left in this browser, to be sent from here. */
  async adopt(records) {
    await this.#recalled
    if (GIVEN[this.closed]) for (const record of records) waiting.stick(record, word(`offer.${this.closed}`))
    else this.#takeUp(records)
  }

  /** Send what waits, if anything may be sent. */
  resume() {
    this.#sender.soon()
  }

  #takeUp(records) {
    gate.weigh(records)
    for (const record of records) {
      this.#gen = this.#sender.gen ??= record.gen
      if (record.gen !== this.#gen) {
        waiting.stick(record, word(`offer.${wire.RESTORED}`))
        continue
      }
      this.#tell("incoming")
      Y.applyUpdate(this.replica, record.update, REMOTE)
      this.#sender.adopt(record)
    }
  }

  /** Whether everything that was written here is on the server. */
  get settled() {
    return this.#sender.empty
  }

  /** Nobody here reads it any more. */
  leave() {
    this.cutOff()
    this.#base.end()
    this.carets.destroy()
    this.closed = "left"
    connection.tell(wire.DOC_LEAVE, { doc: this.name })
  }

  /** Begin with what this browser has kept of it. */
  async #recall() {
    const { base, left } = await recall(this.name)
    if (base) {
      const { gen, write, reason, by } = base
      this.#gen = this.#sender.gen = gen
      this.#base.joined({ gen, write, reason, by }, base.state)
      Y.applyUpdate(this.replica, base.state, REMOTE)
      Object.assign(this, { write, reason, by, ready: true })
    }
    this.#takeUp(left)
    if (base) this.#tell("ready")
  }

  #begin() {
    const replica = (this.replica = new Y.Doc())
    const mayGo = () => this.joined && this.write
    const answered = (answer) => this.#answered(answer)
    const taken = (update) => {
      this.#base.add(update)
      this.#tell("taken")
    }
    this.#base = new Base(this.name)
    this.#sender = new Sender({ name: this.name, replica, mayGo, answered, taken })
    this.carets = new Carets(replica.clientID, (a) => this.#tellCaret(a))
    replica.on("update", (update, origin, _doc, transaction) => {
      if (origin !== REMOTE) this.#sender.add(update, transaction)
    })
  }

  #catchUp({ gen, sv, write, reason = "", by = "", seq, people, awareness, update }) {
    Y.applyUpdate(this.replica, update, REMOTE)
    this.#sequence.start(seq)
    if (this.#lacking) this.#sender.widen(decode(sv))
    this.#gen = this.#sender.gen = gen
    this.#base.joined({ gen, write, reason, by }, update)
    this.#attempt = 0
    this.#lacking = false
    Object.assign(this, { ready: true, joined: true, write, reason, by })
    this.meet(people)
    for (const { sid, a } of awareness) this.carets.receive(sid, a)
    if (this.carets.shown) this.carets.tell()
    if (!write) this.#stopWriting()
    this.#tell("joined")
    this.#sender.send()
  }

  #notJoined(error) {
    if (GONE[error]) this.shut(GONE[error])
    else if (error !== wire.LOGIN_REQUIRED) this.#joinLater()
  }

  #joinLater() {
    this.joined = false
    this.#timers.anew("join", pause(this.#attempt++), () => this.join())
  }

  #answered({ ok, seq, error }) {
    if (ok) this.#seen(seq - 1, seq)
    else if (POISONING.includes(error)) this.#startAnew(error)
    else if (error === wire.NOT_FOUND) this.shut(wire.DELETED)
    else if (error === wire.RESYNC || error === wire.NOT_JOINED) this.#resync(error)
    else if (connection.online) this.#sender.later()
    if (ok && !this.write) this.#stopWriting()
  }

  #resync(error) {
    this.#lacking = error === wire.RESYNC
    this.#joinLater()
  }

  /** What is under way may still arrive; what waits behind it may not go any more. */
  #stopWriting() {
    if (!this.#sender.busy && !this.#sender.empty) this.#startAnew(wire.LOCKED)
  }

  /** Nothing can be built on this replica any more: take out the unsent words and begin with a new one. */
  #startAnew(error) {
    this.#giveUp(error)
    const old = this.replica
    this.carets.destroy()
    this.cutOff()
    this.#base.end({ forget: true })
    this.ready = false
    this.#gen = null
    this.#begin()
    this.#tell("replaced")
    old.destroy()
    this.join()
  }

  #giveUp(error) {
    const offers = this.#sender.giveUp(error)
    if (offers.length) this.dispatchEvent(new CustomEvent("refused", { detail: { offers, error } }))
  }

  /** A gap that lasts is healed by joining again. */
  #seen(from, seq) {
    this.#sequence.cover(from, seq)
    if (this.#sequence.gap) this.#timers.once("gap", GAP, () => this.join())
    else this.#timers.cancel("gap")
  }

  #tellCaret(a) {
    if (this.joined) connection.tell(wire.DOC_AWARENESS, { doc: this.name, a })
  }

  #tell(event) {
    this.dispatchEvent(new Event(event))
  }
}
