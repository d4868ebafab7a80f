// One live document on the wire: joins, sends its own edits, follows those of others. It knows no editor.
//
// Events: "joined", "replaced" (the replica is a new one), "access", "people", "closed", "refused" (detail:
// {offers: [{fragment, text}], error}).

import { Y } from "../../vendor/klimawerk-editor.yjs-13.6.33.js"
import { pause } from "../backoff.js"
import { connection } from "../connection.js"
import { saving } from "../saving.js"
import * as wire from "../wire.js"
import { decode, encode } from "./base64.js"
import { Carets } from "./carets.js"
import { Outbox } from "./outbox.js"
import { sendUpdate } from "./parts.js"
import { Sequence } from "./sequence.js"
import { unsentTexts } from "./unsent.js"

const BATCH = 40
const GAP = 2_000
const REMOTE = Symbol("from the wire")
const POISONING = new Set([wire.LOCKED, wire.FORBIDDEN, wire.INVALID, wire.TOO_LARGE])
const GONE = { [wire.NOT_FOUND]: wire.DELETED, [wire.FORBIDDEN]: wire.REVOKED, [wire.OUTDATED]: wire.OUTDATED }

export class LiveDocument extends EventTarget {
  people = new Map()
  write = false
  reason = ""
  by = ""
  closed = ""
  joined = false
  #gen = null
  #joining = false
  #attempt = 0
  #timers = {}
  #sequence = new Sequence()
  #lacking = false
  #underWay = null

  constructor(name) {
    super()
    this.name = name
    this.#begin()
  }

  /** Catch up with the server, both ways. */
  async join() {
    if (this.closed || this.#joining || !connection.online) return
    this.#joining = true
    const page = connection.id
    this.cutOff()
    const sv = encode(Y.encodeStateVector(this.replica))
    const known = this.#gen ? { gen: this.#gen } : {}
    const answer = await connection.send(wire.DOC_JOIN, { doc: this.name, sv, ...known, http: true }, 15_000)
    const update = answer.ok ? await missing(answer) : null
    this.#joining = false
    if (page !== connection.id) return this.join()
    if (!update) return this.#notJoined(answer.error)
    if (this.#gen && answer.gen !== this.#gen) return this.#startAnew(wire.RESTORED)
    this.#catchUp(answer, update)
  }

  /** Nothing is sent until the document is joined again. */
  cutOff() {
    this.joined = false
    this.#underWay = null
    for (const name of ["retry", "gap"]) this.#cancel(name)
    this.outbox.giveBack()
  }

  /** A frame of others' edits. */
  receive({ from, seq, u }) {
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
    if (!write) this.#stopWriting()
    else this.#soon()
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
    this.replica = new Y.Doc()
    this.outbox = new Outbox()
    this.carets = new Carets(this.replica.clientID, (a) => this.#tellCaret(a))
    this.replica.on("update", (update, origin, _doc, transaction) => {
      if (origin !== REMOTE) this.#edited(update, transaction)
    })
  }

  #catchUp({ gen, sv, write, reason, by, seq, people, awareness }, update) {
    Y.applyUpdate(this.replica, update, REMOTE)
    this.#gen = gen
    this.#attempt = 0
    this.#sequence.start(seq)
    this.#widen(decode(sv))
    Object.assign(this, { joined: true, write, reason: reason ?? "", by: by ?? "" })
    if (people) this.meet(people)
    for (const { sid, a } of awareness ?? []) this.carets.receive(sid, a)
    if (this.carets.shown) this.carets.tell()
    if (!write) this.#stopWriting()
    this.#tell("joined")
    this.#send()
  }

  /** After "resync" the server lacks more than what waits: send everything it does not have. */
  #widen(sv) {
    if (this.#lacking && !this.outbox.empty) this.outbox.widen(Y.encodeStateAsUpdate(this.replica, sv))
    this.#lacking = false
  }

  #notJoined(error) {
    if (GONE[error]) return this.shut(GONE[error])
    if (error !== wire.LOGIN_REQUIRED) this.#later(() => this.join())
  }

  #edited(update, transaction) {
    const fragments = touched(this.replica, transaction)
    this.outbox.add(update, fragments)
    for (const fragment of fragments) saving.waiting(...this.#place(fragment))
    this.#soon()
  }

  #soon() {
    this.#timers.flush ??= setTimeout(() => this.#send(), BATCH)
  }

  async #send() {
    this.#cancel("flush")
    if (!this.joined || !this.write) return
    const update = this.outbox.take()
    if (!update) return
    const ticket = (this.#underWay = {})
    const answer = await sendUpdate(this.name, update)
    if (ticket !== this.#underWay) return // given back meanwhile: this answer says nothing about what waits now
    if (answer.ok) this.#acknowledged(answer.seq)
    else this.#rejected(answer.error)
  }

  #acknowledged(seq) {
    this.#attempt = 0
    this.#seen(seq - 1, seq)
    for (const fragment of this.outbox.acknowledged()) saving.saved(this.#place(fragment)[0])
    if (!this.write) this.#stopWriting()
    else if (!this.outbox.empty) this.#soon()
  }

  #rejected(error) {
    if (POISONING.has(error)) return this.#startAnew(error)
    this.outbox.giveBack()
    if (error === wire.NOT_FOUND) this.shut(wire.DELETED)
    else if (error === wire.RESYNC || error === wire.NOT_JOINED) this.#joinAgain(error)
    else if (connection.online) this.#later(() => this.#send())
  }

  #joinAgain(error) {
    this.#lacking = error === wire.RESYNC
    this.#later(() => this.join())
    this.joined = false
  }

  /** What is under way may still arrive; what waits behind it may not go any more. */
  #stopWriting() {
    if (!this.outbox.busy && !this.outbox.empty) this.#startAnew(wire.LOCKED)
  }

  /** Nothing can be built on this replica any more: take out the unsent words and begin with a new one. */
  #startAnew(error) {
    this.#giveUp(error)
    const old = this.replica
    this.carets.destroy()
    this.#gen = null
    this.cutOff()
    this.#begin()
    this.#tell("replaced")
    old.destroy()
    this.join()
  }

  #giveUp(error) {
    const offers = unsentTexts(this.replica, this.outbox.unsent)
    for (const fragment of this.outbox.fragments) saving.forget(this.#place(fragment)[0])
    this.outbox.clear()
    if (offers.length) this.dispatchEvent(new CustomEvent("refused", { detail: { offers, error } }))
  }

  /** A gap that lasts is healed by joining again. */
  #seen(from, seq) {
    this.#sequence.cover(from, seq)
    if (!this.#sequence.gap) this.#cancel("gap")
    else this.#timers.gap ??= setTimeout(() => this.join(), GAP)
  }

  #tellCaret(a) {
    if (this.joined) connection.tell(wire.DOC_AWARENESS, { doc: this.name, a })
  }

  #place(fragment) {
    const place = () => document.querySelector(`kw-text[data-doc="${this.name}"][data-fragment="${fragment}"]`)
    return [`text ${this.name} ${fragment}`, place]
  }

  #later(what) {
    this.#cancel("retry")
    this.#timers.retry = setTimeout(what, pause(this.#attempt++))
  }

  #cancel(name) {
    clearTimeout(this.#timers[name])
    this.#timers[name] = null
  }

  #tell(event) {
    this.dispatchEvent(new Event(event))
  }
}

/** What this page lacks: in the answer itself, or to be fetched where it is large; null when that fails. */
async function missing({ u, url }) {
  if (!url) return decode(u)
  try {
    const answer = await fetch(url, { credentials: "same-origin" })
    return answer.ok ? new Uint8Array(await answer.arrayBuffer()) : null
  } catch {
    return null
  }
}

function touched(replica, { changedParentTypes }) {
  const roots = new Map([...replica.share].map(([name, type]) => [type, name]))
  return [...changedParentTypes.keys()].map((type) => roots.get(type)).filter(Boolean)
}
