// The page follows what others change: a topic's newer revision fetches what has changed since, in the reader's
// language and with the reader's rights.
//
// <section data-topic="measure:7" data-rev="12" data-changes="/items/7/changes">

import { say } from "./announce.js"
import { connection } from "./connection.js"
import { get } from "./http.js"
import { swap } from "./swap.js"
import { CHANGED, WATCH } from "./wire.js"

const topics = new Map()

export function startLive() {
  connection.on(CHANGED, ({ topics: changed }) => note(changed))
  connection.watch((state) => state === "online" && ask())
  document.addEventListener("kw:swapped", ask)
  document.addEventListener("visibilitychange", () => topics.forEach((topic) => topic.plan()))
  document.addEventListener("focusout", () => setTimeout(catchUp))
  document.addEventListener("kw:settled", catchUp)
}

/** What was left out while the person worked there is fetched as soon as they have left. */
function catchUp() {
  if (!working()) topics.forEach((topic) => topic.catchUp())
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

function note(revisions) {
  for (const [name, rev] of Object.entries(revisions)) topics.get(name)?.note(rev)
}

class Topic {
  watchedBy = null
  #name
  #newest = 0
  #owedSince = null
  #last = 0
  #timer = null

  constructor(name) {
    this.#name = name
  }

  note(rev) {
    this.#newest = Math.max(this.#newest, rev)
    this.plan()
  }

  plan() {
    if (this.#shown() < this.#newest) this.#soon()
  }

  catchUp() {
    if (this.#owedSince !== null) this.#soon()
  }

  /** At most one request a second, at a moment of this page's own. */
  #soon() {
    if (this.#timer || document.hidden) return
    const wait = Math.max(0, this.#last + 1_000 - Date.now()) + Math.random() * 300
    this.#timer = setTimeout(() => this.#fetch(), wait)
  }

  #element() {
    return document.querySelector(`[data-topic="${CSS.escape(this.#name)}"]`)
  }

  #shown() {
    return Number(this.#element()?.dataset.rev ?? Infinity)
  }

  async #fetch() {
    this.#last = Date.now()
    const element = this.#element()
    if (element?.dataset.changes) await this.#apply(element)
    this.#timer = null
    this.plan()
  }

  async #apply(element) {
    const since = Math.min(this.#shown(), this.#owedSince ?? Infinity)
    const url = new URL(element.dataset.changes, location.href)
    url.searchParams.set("since", since)
    const answer = await get(url)
    if (!answer?.ok) return this.#failed(answer)
    const rev = Number(answer.headers.get("X-Rev"))
    if (rev < this.#shown()) return
    const html = await answer.text()
    const { owed } = swap(html)
    this.#owedSince = owed ? since : null
    this.#newest = Math.max(this.#newest, rev)
    for (const shown of document.querySelectorAll(`[data-topic="${CSS.escape(this.#name)}"]`)) shown.dataset.rev = rev
    const said = answer.headers.get("X-Said")
    if (said) say(decodeURIComponent(said))
  }

  /** A thing one may no longer see is not asked for again; a failing server is, later. */
  #failed(answer) {
    if (answer && answer.status < 500) this.#newest = 0
    else this.#last = Date.now() + 5_000
  }
}

function working() {
  return document.activeElement?.closest("kw-field, form.row-add") != null && document.hasFocus()
}
