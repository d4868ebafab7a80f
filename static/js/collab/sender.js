// Sends the own updates of one document: one under way, the others merged meanwhile.

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

// ms between two updates: the first after a pause is sent at once, those that follow are merged.
const BATCH = 20

export class Sender {
  #name
  #replica
  #maySend
  #answered
  #onStored
  #outbox = new Outbox()
  #timers = new Timers()
  #ticket = null
  #attempt = 0
  #nextSend = 0
  #adopted = new Map()

  /** The document's identity, which is stored with the unsent updates. */
  gen = null

  /** @param maySend whether the document is joined and open for writing
   *  @param answered called with each acknowledgement, unless the update was queued again meanwhile
   *  @param onStored called with each update that the server has stored */
  constructor({ name, replica, maySend, answered, onStored }) {
    this.#name = name
    this.#replica = replica
    this.#maySend = maySend
    this.#answered = answered
    this.#onStored = onStored
  }

  /** Queue an own update. */
  add(update, transaction) {
    this.#queue(update, changedTexts(this.#replica, transaction))
    storePlan(this.#key, () => this.#record(), true)
  }

  /** Queue a record of unsent text that a closed page has left. */
  adopt(record) {
    this.#adopted.set(record.id, record)
    this.#queue(record.update, record.fragments)
  }

  #queue(update, fragments) {
    this.#outbox.add(update, fragments)
    for (const fragment of fragments) saveStatus.waiting(...this.#statusOf(fragment), this.#key)
    this.schedule()
  }

  schedule() {
    this.#timers.once("send", Math.max(0, this.#nextSend - performance.now()), () => this.send())
  }

  async send() {
    this.#timers.cancel("send", "retry")
    const update = this.#maySend() && hold.open ? this.#outbox.take() : null
    if (!update) return
    this.#nextSend = performance.now() + BATCH
    const ticket = (this.#ticket = {})
    const answer = await sendUpdate(this.#name, update)
    if (ticket !== this.#ticket) return // queued again meanwhile: this acknowledgement says nothing about what waits now
    if (answer.ok) this.#acknowledged()
    else this.#outbox.giveBack()
    this.#answered(answer)
  }

  /** Retry with backoff. */
  retryLater() {
    this.#timers.restart("retry", retryDelay(this.#attempt++), () => this.send())
  }

  /** The connection is lost or about to be made again: queue the update under way again. */
  giveBack() {
    this.#ticket = null
    this.#timers.cancel("retry")
    this.#outbox.giveBack()
  }

  /** The server lacks more than what waits: send everything beyond its state vector `sv`. */
  widen(sv) {
    if (!this.#outbox.empty) this.#outbox.widen(Y.encodeStateAsUpdate(this.#replica, sv))
  }

  /** Remove from what waits what the server has, by its state vector (an acknowledgement was lost). */
  dropStored(sv) {
    this.#outbox.dropStored(sv)
  }

  /** Stop sending: the unsent text as [{fragment, text, key}], stored for copying under `key` with the reason
   *  `error`. */
  giveUp(error) {
    const offers = this.forCopying(this.#unsent(), error)
    for (const fragment of this.#outbox.fragments) saveStatus.forget(this.#statusOf(fragment)[0])
    this.giveBack()
    this.#outbox.clear()
    this.#settled()
    return offers
  }

  /** Store these texts for copying; returns them with their `key`. */
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
    for (const fragment of done) saveStatus.saved(this.#statusOf(fragment)[0])
    this.#onStored(update)
    if (this.#outbox.empty) this.#settled()
    else if (connection.online) this.schedule()
  }

  /** Nothing waits: delete what is stored of it. */
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

  /** Unsent text; that of another page may not be readable in this replica, then the text in its record counts. */
  #unsent() {
    const texts = unsentTexts(this.#replica, this.#outbox.unsent)
    const readable = new Set(texts.map(({ fragment }) => fragment))
    for (const { fragments, words } of this.#adopted.values()) {
      fragments.forEach((fragment, i) => {
        if (!readable.has(fragment) && words[i].text) texts.push({ fragment, text: words[i].text })
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

  #statusOf(fragment) {
    return [`text ${this.#name} ${fragment}`, () => this.#element(fragment)]
  }
}

/** Names of the texts that a transaction changed. */
function changedTexts(replica, { changedParentTypes }) {
  const roots = new Map([...replica.share].map(([name, type]) => [type, name]))
  return [...changedParentTypes.keys()].map((type) => roots.get(type)).filter(Boolean)
}
