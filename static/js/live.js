// Live updates of the page: when a topic has a newer revision, fetches the changed fragments, rendered in the user's
// language and with their permissions.
//
// <section data-topic="measure:7" data-rev="12" data-changes="/items/7/changes">

import { announce } from "./announce.js"
import { retryForever, retryDelay } from "./backoff.js"
import { connection } from "./connection.js"
import { get } from "./http.js"
import { loadSeldom } from "./load.js"
import { keepsForms } from "./sheet-forms.js"
import { swap } from "./swap.js"
import { dataSaver } from "./data-saver.js"
import { CHANGED, STORING, WATCH } from "./wire.js"

// ms to wait for the response to this page's own change before it is fetched like any other change.
const OWN_RESPONSE = 1_500

// ms between two requests for one topic.
const PAUSE = 1_000
const PAUSE_SAVING = 10_000

const FETCHING = Symbol("a request is under way")

const topics = new Map()

/** Watch the page's topics and fetch what changes, until the page is closed. */
export function startLive() {
  connection.on(CHANGED, ({ topics: changed, by }) => note(changed, by === connection.id))
  connection.watch((state) => state === "online" && watchTopics())
  connection.on(STORING, ({ able }) => able && recover())
  document.addEventListener("kw:swapped", watchTopics)
  dataSaver.watch(() => topics.forEach((topic) => topic.reschedule()))
  document.addEventListener("focusout", () => setTimeout(catchUp))
  document.addEventListener("kw:settled", catchUp)
}

/** The response to a change made here has brought this page's own part of `topic` to revision `rev`. */
export function answered(topic, rev) {
  topics.get(topic)?.answered(rev)
}

/** Fetch what was not replaced while the user worked there, once they have left. */
function catchUp() {
  if (!isEditing()) topics.forEach((topic) => topic.catchUp())
}

/** The server can store again: drop the delays that were meant to relieve it. */
function recover() {
  topics.forEach((topic) => topic.recover())
  watchTopics()
}

/** Watch every topic of the page that is not yet watched on this connection. */
async function watchTopics() {
  const shown = new Set([...document.querySelectorAll("[data-topic]")].map((element) => element.dataset.topic))
  for (const name of topics.keys()) if (!shown.has(name)) topics.delete(name)
  const fresh = [...shown].filter((name) => topics.get(name)?.watchedBy !== connection.id)
  if (!fresh.length || !connection.online) return
  const page = connection.id
  for (const name of fresh) {
    if (!topics.has(name)) topics.set(name, new Topic(name))
    topics.get(name).watchedBy = page
  }
  const answer = await connection.send(WATCH, { topics: fresh })
  if (answer.ok) note(answer.revs)
  else if (connection.id === page) {
    fresh.forEach((name) => topics.get(name) && (topics.get(name).watchedBy = null))
    setTimeout(watchTopics, 2_000)
  }
}

function note(revisions, own = false) {
  for (const [name, rev] of Object.entries(revisions)) topics.get(name)?.note(rev, own)
}

class Topic {
  watchedBy = null
  #name
  #newestRev = 0
  #ownRev = 0
  #answeredRev = 0
  #failures = 0
  #skippedSince = null
  #lastRequest = -PAUSE_SAVING
  #timer = null

  constructor(name) {
    this.#name = name
  }

  /** @param own whether this page made the change: then the response shows it and nothing need be fetched */
  note(rev, own) {
    this.#newestRev = Math.max(this.#newestRev, rev)
    if (own) this.#ownRev = rev
    this.#advance()
    if (own) setTimeout(() => this.plan(), OWN_RESPONSE)
    else this.plan()
  }

  answered(rev) {
    this.#answeredRev = Math.max(this.#answeredRev, rev)
    this.#advance()
  }

  plan() {
    if (this.#shown() < this.#newestRev) this.#schedule()
  }

  catchUp() {
    if (this.#skippedSince !== null) this.#schedule()
  }

  recover() {
    if (!this.#failures) return
    this.#lastRequest = -PAUSE_SAVING
    this.reschedule()
  }

  /** The page was shown or hidden, or the data saver was switched. */
  reschedule() {
    const due = this.#timer
    if (due === FETCHING) return
    clearTimeout(due)
    this.#timer = null
    due ? this.#schedule() : this.plan()
  }

  /** At most one request a second (ten with the data saver), at a random moment within 300 ms. */
  #schedule() {
    if (this.#timer || document.hidden) return
    const wait = Math.max(0, this.#lastRequest + (dataSaver.on ? PAUSE_SAVING : PAUSE) - performance.now()) + Math.random() * 300
    this.#timer = setTimeout(() => this.#fetch(), wait)
  }

  /** Advance the shown revision without a request: only over a change of this page that is shown already, and only if
   *  no change of others lies before it. */
  #advance() {
    if (this.#ownRev === this.#shown() + 1 && this.#ownRev <= this.#answeredRev) this.#show(this.#ownRev)
  }

  #show(rev) {
    for (const shown of document.querySelectorAll(`[data-topic="${CSS.escape(this.#name)}"]`)) shown.dataset.rev = rev
  }

  #element() {
    return document.querySelector(`[data-topic="${CSS.escape(this.#name)}"]`)
  }

  #shown() {
    return Number(this.#element()?.dataset.rev ?? Infinity)
  }

  async #fetch() {
    this.#timer = FETCHING
    this.#lastRequest = performance.now()
    const element = this.#element()
    const needed = this.#shown() < this.#newestRev || this.#skippedSince !== null
    if (needed && element?.dataset.changes) await this.#apply(element)
    this.#timer = null
    this.plan()
  }

  async #apply(element) {
    const since = Math.min(this.#shown(), this.#skippedSince ?? Infinity)
    const url = new URL(element.dataset.changes, location.href)
    url.searchParams.set("since", since)
    if (keepsForms() && element.dataset.forms) url.searchParams.set("forms", 1)
    const answer = await get(url)
    if (!answer?.ok) return this.#failed(answer)
    this.#failures = 0
    const rev = Number(answer.headers.get("X-Rev"))
    const html = await answer.text()
    const shown = this.#shown()
    if (rev < shown || (rev === shown && this.#skippedSince === null)) return // our own response shows a newer one
    if (html.includes('class="lock"')) await retryForever(loadSeldom)
    const { skipped } = swap(html)
    this.#skippedSince = skipped ? since : null
    this.#newestRev = Math.max(this.#newestRev, rev)
    this.#show(rev)
    const announcement = answer.headers.get("X-Said")
    if (announcement) announce(decodeURIComponent(announcement))
  }

  /** An item the user may no longer see is not requested again; a failing server is, with backoff. */
  #failed(answer) {
    if (answer && answer.status < 500) this.#newestRev = 0
    else this.#lastRequest = performance.now() + retryDelay(Math.min(this.#failures++, 3))
  }
}

function isEditing() {
  return document.activeElement?.closest("kw-field form, kw-field .offer, .closed-words, form.row-add") != null && document.hasFocus()
}
