// Takes one document's own edits to the server: one update under way, the rest merging meanwhile.

import { Y } from "../../vendor/klimawerk-editor.yjs-13.6.33.js"
import { pause } from "../backoff.js"
import { connection } from "../connection.js"
import { saving } from "../saving.js"
import { Timers } from "../timers.js"
import { Outbox } from "./outbox.js"
import { sendUpdate } from "./parts.js"
import { unsentTexts } from "./unsent.js"

const BATCH = 40

export class Sender {
  #name
  #replica
  #mayGo
  #answered
  #outbox = new Outbox()
  #timers = new Timers()
  #ticket = null
  #attempt = 0

  /** @param mayGo whether the document is joined and open for writing
   *  @param answered called with each answer that is not merely to be tried again */
  constructor({ name, replica, mayGo, answered }) {
    this.#name = name
    this.#replica = replica
    this.#mayGo = mayGo
    this.#answered = answered
  }

  /** An edit made here. */
  add(update, transaction) {
    const fragments = touched(this.#replica, transaction)
    this.#outbox.add(update, fragments)
    for (const fragment of fragments) saving.waiting(...this.#place(fragment))
    this.soon()
  }

  soon() {
    this.#timers.once("send", BATCH, () => this.send())
  }

  async send() {
    this.#timers.cancel("send", "retry")
    const update = this.#mayGo() ? this.#outbox.take() : null
    if (!update) return
    const ticket = (this.#ticket = {})
    const answer = await sendUpdate(this.#name, update)
    if (ticket !== this.#ticket) return // given back meanwhile: this answer says nothing about what waits now
    if (answer.ok) this.#acknowledged()
    else this.#outbox.giveBack()
    this.#answered(answer)
  }

  /** Try again a little later, each time more patiently. */
  later() {
    this.#timers.anew("retry", pause(this.#attempt++), () => this.send())
  }

  /** The connection is gone, or about to be made anew: what was under way waits again. */
  giveBack() {
    this.#ticket = null
    this.#timers.cancel("retry")
    this.#outbox.giveBack()
  }

  /** The server lacks more than what waits: send all it does not have, by its state vector. */
  widen(sv) {
    if (!this.#outbox.empty) this.#outbox.widen(Y.encodeStateAsUpdate(this.#replica, sv))
  }

  /** Nothing more goes out from here: the words that never arrived, as [{fragment, text}]. */
  giveUp() {
    const texts = unsentTexts(this.#replica, this.#outbox.unsent)
    for (const fragment of this.#outbox.fragments) saving.forget(this.#place(fragment)[0])
    this.giveBack()
    this.#outbox.clear()
    return texts
  }

  get busy() {
    return this.#outbox.busy
  }

  get empty() {
    return this.#outbox.empty
  }

  #acknowledged() {
    this.#attempt = 0
    for (const fragment of this.#outbox.acknowledged()) saving.saved(this.#place(fragment)[0])
    if (!this.#outbox.empty && connection.online) this.soon()
  }

  #place(fragment) {
    const place = () => document.querySelector(`kw-text[data-doc="${this.#name}"][data-fragment="${fragment}"]`)
    return [`text ${this.#name} ${fragment}`, place]
  }
}

/** The texts a transaction changed. */
function touched(replica, { changedParentTypes }) {
  const roots = new Map([...replica.share].map(([name, type]) => [type, name]))
  return [...changedParentTypes.keys()].map((type) => roots.get(type)).filter(Boolean)
}
