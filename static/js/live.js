// The page follows what others change: a topic's newer revision fetches what has changed since, in the reader's
// language and with the reader's rights.
//
// <section data-topic="measure:7" data-rev="12" data-changes="/items/7/changes">

import { announce } from "./announce.js"
import { retryForever, retryDelay } from "./backoff.js"
import { connection } from "./connection.js"
import { get } from "./http.js"
import { swap } from "./swap.js"
import { dataSaver } from "./data-saver.js"
import { CHANGED, STORING, WATCH } from "./wire.js"

// How long the answer to a change of this page's own may take before the change is fetched like any other.
const OWN = 1_500

// Between two requests of one topic.
const PAUSE = 1_000
const PAUSE_SAVING = 10_000

const FETCHING = Symbol("a request is under way")

const topics = new Map()

export function startLive() {
  connection.on(CHANGED, ({ topics: changed, by }) => note(changed, by === connection.id))
  connection.watch((state) => state === "online" && ask())
  connection.on(STORING, ({ able }) => able && recover())
  document.addEventListener("kw:swapped", ask)
  dataSaver.watch(() => topics.forEach((topic) => topic.planAnew()))
  document.addEventListener("focusout", () => setTimeout(catchUp))
  document.addEventListener("kw:settled", catchUp)
}

/** The answer to a change made here has brought `topic` to revision `rev`, as far as this page's own part goes. */
export function answered(topic, rev) {
  topics.get(topic)?.answered(rev)
}

/** What was left out while the person worked there is fetched as soon as they have left. */
function catchUp() {
  if (!working()) topics.forEach((topic) => topic.catchUp())
}

/** The server can answer again: nobody waits for what was meant to spare it. */
function recover() {
  topics.forEach((topic) => topic.recover())
  ask()
}

/** Watch every topic of the page that is not watched yet on this connection. */
async function ask() {
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
    setTimeout(ask, 2_000)
  }
}

function note(revisions, own = false) {
  for (const [name, rev] of Object.entries(revisions)) topics.get(name)?.note(rev, own)
}

class Topic {
  watchedBy = null
  #name
  #newest = 0
  #own = 0
  #answered = 0
  #failures = 0
  #owedSince = null
  #last = -PAUSE_SAVING
  #timer = null

  constructor(name) {
    this.#name = name
  }

  /** @param own whether this page made the change: then the answer shows it, and nothing need be fetched */
  note(rev, own) {
    this.#newest = Math.max(this.#newest, rev)
    if (own) this.#own = rev
    this.#advance()
    if (own) setTimeout(() => this.plan(), OWN)
    else this.plan()
  }

  answered(rev) {
    this.#answered = Math.max(this.#answered, rev)
    this.#advance()
  }

  plan() {
    if (this.#shown() < this.#newest) this.#soon()
  }

  catchUp() {
    if (this.#owedSince !== null) this.#soon()
  }

  recover() {
    if (!this.#failures) return
    this.#last = -PAUSE_SAVING
    this.planAnew()
  }

  /** The page was shown or hidden, or its person saves data or does so no more. */
  planAnew() {
    const due = this.#timer
    if (due === FETCHING) return
    clearTimeout(due)
    this.#timer = null
    due ? this.#soon() : this.plan()
  }

  /** At most one request a second (ten, with the data saver), at a moment of this page's own. */
  #soon() {
    if (this.#timer || document.hidden) return
    const wait = Math.max(0, this.#last + (dataSaver.saver ? PAUSE_SAVING : PAUSE) - performance.now()) + Math.random() * 300
    this.#timer = setTimeout(() => this.#fetch(), wait)
  }

  /** Only over a change that was this page's own and is shown, and only if nothing of others' lies before it. */
  #advance() {
    if (this.#own === this.#shown() + 1 && this.#own <= this.#answered) this.#show(this.#own)
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
    this.#last = performance.now()
    const element = this.#element()
    const wanted = this.#shown() < this.#newest || this.#owedSince !== null
    if (wanted && element?.dataset.changes) await this.#apply(element)
    this.#timer = null
    this.plan()
  }

  async #apply(element) {
    const since = Math.min(this.#shown(), this.#owedSince ?? Infinity)
    const url = new URL(element.dataset.changes, location.href)
    url.searchParams.set("since", since)
    const answer = await get(url)
    if (!answer?.ok) return this.#failed(answer)
    this.#failures = 0
    const rev = Number(answer.headers.get("X-Rev"))
    const html = await answer.text()
    const shown = this.#shown()
    if (rev < shown || (rev === shown && this.#owedSince === null)) return // the answer to our own change shows more
    if (html.includes('class="lock"')) await retryForever(() => import("./seldom/lock-refresh.js"))
    const { owed } = swap(html)
    this.#owedSince = owed ? since : null
    this.#newest = Math.max(this.#newest, rev)
    this.#show(rev)
    const said = answer.headers.get("X-Said")
    if (said) announce(decodeURIComponent(said))
  }

  /** A thing one may no longer see is not asked for again; a failing server is, a little later each time. */
  #failed(answer) {
    if (answer && answer.status < 500) this.#newest = 0
    else this.#last = performance.now() + retryDelay(Math.min(this.#failures++, 3))
  }
}

function working() {
  return document.activeElement?.closest("kw-field, form.row-add") != null && document.hasFocus()
}
