// One live document on the wire: joins, hands its own edits to the sender, follows those of others. It knows no
// editor. Events: "joined", "incoming" (others' edits are about to be applied), "replaced" (the replica is a new one),
// "access", "people", "closed", "refused" (detail: {offers: [{fragment, text}], error}).

import { Y } from "../../vendor/klimawerk-editor.yjs-13.6.33.js"
import { pause } from "../backoff.js"
import { connection } from "../connection.js"
import { Timers } from "../timers.js"
import * as wire from "../wire.js"
import { decode } from "./base64.js"
import { Carets } from "./carets.js"
import { Sender } from "./sender.js"
import { Sequence } from "./sequence.js"
import { askToJoin } from "./welcome.js"

const GAP = 2_000
const REMOTE = Symbol("from the wire")
const POISONING = [wire.LOCKED, wire.FORBIDDEN, wire.INVALID, wire.TOO_LARGE]
const GONE = { [wire.NOT_FOUND]: wire.DELETED, [wire.FORBIDDEN]: wire.REVOKED, [wire.OUTDATED]: wire.OUTDATED }

export class LiveDocument extends EventTarget {
  people = new Map()
  joined = false
  write = false
  reason = ""
  by = ""
  closed = ""
  #gen = null
  #joining = false
  #attempt = 0
  #lacking = false
  #sender = null
  #timers = new Timers()
  #sequence = new Sequence()

  constructor(name) {
    super()
    this.name = name
    this.#begin()
  }

  /** Catch up with the server, both ways. */
  async join() {
    if (this.closed || this.#joining || !connection.online) return
    this.#joining = true
    this.cutOff()
    const page = connection.id
    const answer = await askToJoin(this.name, this.replica, this.#gen)
    this.#joining = false
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

  /** A frame of others' edits; it covers (from, seq]. */
  receive({ from, seq, u }) {
    this.#tell("incoming")
    for (const update of u) Y.applyUpdate(this.replica, decode(update), REMOTE)
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
    this.#giveUp(reason)
    this.cutOff()
    this.closed = reason
    this.#tell("closed")
  }

  #begin() {
    const replica = (this.replica = new Y.Doc())
    const mayGo = () => this.joined && this.write
    this.#sender = new Sender({ name: this.name, replica, mayGo, answered: (answer) => this.#answered(answer) })
    this.carets = new Carets(replica.clientID, (a) => this.#tellCaret(a))
    replica.on("update", (update, origin, _doc, transaction) => {
      if (origin !== REMOTE) this.#sender.add(update, transaction)
    })
  }

  #catchUp({ gen, sv, write, reason = "", by = "", seq, people, awareness, update }) {
    Y.applyUpdate(this.replica, update, REMOTE)
    this.#sequence.start(seq)
    if (this.#lacking) this.#sender.widen(decode(sv))
    this.#gen = gen
    this.#attempt = 0
    this.#lacking = false
    Object.assign(this, { joined: true, write, reason, by })
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
    this.#gen = null
    this.#begin()
    this.#tell("replaced")
    old.destroy()
    this.join()
  }

  #giveUp(error) {
    const offers = this.#sender.giveUp()
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
