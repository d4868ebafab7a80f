// Takes one document's own edits to the server: one update under way, the rest merging meanwhile.

import { Y } from "../../vendor/klimawerk-editor.yjs-13.6.33.js"
import { retryDelay } from "../backoff.js"
import { connection } from "../connection.js"
import { hold } from "../hold.js"
import { saveStatus } from "../save-status.js"
import { dropPlan, storePlan } from "../store/store-access.js"
import { pendingChanges } from "../store/pending-changes.js"
import { Timers } from "../timers.js"
import { messageText } from "../messages.js"
import { Outbox } from "./outbox.js"
import { sendUpdate } from "./chunked-update.js"
import { unsentTexts } from "./unsent-text.js"

// The first word after a pause goes at once; those that follow wait for company, but no longer than this.
const BATCH = 20

export class Sender {
  #name
  #replica
  #mayGo
  #answered
  #taken
  #outbox = new Outbox()
  #timers = new Timers()
  #ticket = null
  #attempt = 0
  #next = 0
  #adopted = new Map()

  /** The document's identity, which is kept with what waits. */
  gen = null

  /** @param mayGo whether the document is joined and open for writing
   *  @param answered called with each answer that is not merely to be tried again
   *  @param taken called with each update that the server has on disk */
  constructor({ name, replica, mayGo, answered, taken }) {
    this.#name = name
    this.#replica = replica
    this.#mayGo = mayGo
    this.#answered = answered
    this.#taken = taken
  }

  /** An edit made here. */
  add(update, transaction) {
    this.#wait(update, touched(this.#replica, transaction))
    storePlan(this.#key, () => this.#record(), true)
  }

  /** Words of a page that is gone. */
  adopt(record) {
    this.#adopted.set(record.id, record)
    this.#wait(record.update, record.fragments)
  }

  #wait(update, fragments) {
    this.#outbox.add(update, fragments)
    for (const fragment of fragments) saveStatus.waiting(...this.#place(fragment), this.#key)
    this.soon()
  }

  soon() {
    this.#timers.once("send", Math.max(0, this.#next - performance.now()), () => this.send())
  }

  async send() {
    this.#timers.cancel("send", "retry")
    const update = this.#mayGo() && hold.open ? this.#outbox.take() : null
    if (!update) return
    this.#next = performance.now() + BATCH
    const ticket = (this.#ticket = {})
    const answer = await sendUpdate(this.#name, update)
    if (ticket !== this.#ticket) return // given back meanwhile: this answer says nothing about what waits now
    if (answer.ok) this.#acknowledged()
    else this.#outbox.giveBack()
    this.#answered(answer)
  }

  /** Try again a little later, each time more patiently. */
  later() {
    this.#timers.anew("retry", retryDelay(this.#attempt++), () => this.send())
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

  /** The server has some of what waits, by its state vector: where an answer was lost on the way. */
  trim(sv) {
    this.#outbox.trim(sv)
  }

  /** Nothing more goes out from here: the words that never arrived, as [{fragment, text, key}]. They are kept for
   *  copying under `key`, with the reason `error`. */
  giveUp(error) {
    const offers = this.forCopying(this.#unsent(), error)
    for (const fragment of this.#outbox.fragments) saveStatus.forget(this.#place(fragment)[0])
    this.giveBack()
    this.#outbox.clear()
    this.#settled()
    return offers
  }

  /** These words of this page are kept for copying; the same with `key`. */
  forCopying(texts, error) {
    const offers = texts.map((offer) => ({ ...offer, key: `refused ${this.#key} ${offer.fragment}` }))
    for (const { key, fragment, text } of offers) storePlan(key, () => this.#stuck(fragment, text, error))
    return offers
  }

  get busy() {
    return this.#outbox.busy
  }

  get empty() {
    return this.#outbox.empty
  }

  #acknowledged() {
    this.#attempt = 0
    const { update, done } = this.#outbox.acknowledged()
    for (const fragment of done) saveStatus.saved(this.#place(fragment)[0])
    this.#taken(update)
    if (this.#outbox.empty) this.#settled()
    else if (connection.online) this.soon()
  }

  /** Nothing waits any more: nothing need be kept. */
  #settled() {
    dropPlan(this.#key)
    if (this.#adopted.size) pendingChanges.drop(...this.#adopted.keys())
    this.#adopted.clear()
  }

  get #key() {
    return `text ${this.#name} ${this.#replica.clientID}`
  }

  #record() {
    const update = this.#outbox.unsent
    const fragments = [...this.#outbox.fragments]
    const texts = new Map(unsentTexts(this.#replica, update).map(({ fragment, text }) => [fragment, text]))
    const words = fragments.map((fragment) => ({ label: this.#label(fragment), text: texts.get(fragment) ?? "" }))
    return update && { kind: "text", doc: this.#name, rev: this.#rev, gen: this.gen, update, fragments, words }
  }

  /** What another page has left may not be readable here, where the text it was written in is gone. */
  #unsent() {
    const texts = unsentTexts(this.#replica, this.#outbox.unsent)
    const known = new Set(texts.map(({ fragment }) => fragment))
    for (const { fragments, words } of this.#adopted.values()) {
      fragments.forEach((fragment, i) => {
        if (!known.has(fragment) && words[i].text) texts.push({ fragment, text: words[i].text })
      })
    }
    return texts
  }

  #stuck(fragment, text, error) {
    return { kind: "text", doc: this.#name, words: [{ label: this.#label(fragment), text }], stuck: messageText(`offer.${error}`) }
  }

  #label(fragment) {
    const adopted = [...this.#adopted.values()].find(({ fragments }) => fragments.includes(fragment))
    return this.#element(fragment)?.dataset.label ?? adopted?.words[adopted.fragments.indexOf(fragment)].label ?? fragment
  }

  get #rev() {
    return Number(document.querySelector(`[data-topic="${this.#name}"]`)?.dataset.rev) || 0
  }

  #element(fragment) {
    return document.querySelector(`kw-text[data-doc="${this.#name}"][data-fragment="${fragment}"]`)
  }

  #place(fragment) {
    return [`text ${this.#name} ${fragment}`, () => this.#element(fragment)]
  }
}

/** The texts a transaction changed. */
function touched(replica, { changedParentTypes }) {
  const roots = new Map([...replica.share].map(([name, type]) => [type, name]))
  return [...changedParentTypes.keys()].map((type) => roots.get(type)).filter(Boolean)
}
