// Simulated users who have one programme's page open and change its cells: HTTP for requests, the socket for events. A
// page decides when to fetch as static/js/live.js does.

import { openPage } from "./lines/klimawerk.mjs"
import { sleep } from "./typing.mjs"

const EVERY = 2_000 // ms between two changes of one user
const TOKEN = /w(\d+)x(\d+)y/g

export class Editors {
  #plan
  #pages = []
  #sent = new Map() // value: ms at which it was sent
  #seen = []
  #answers = []
  #refused = 0
  #measuring = false

  /** @param plan {url, programme, people: [{cookie, row}]} */
  constructor(plan) {
    this.#plan = plan
  }

  async open() {
    for (const [number, person] of this.#plan.people.entries()) this.#pages.push(await this.#open(person, number))
  }

  async type(seconds) {
    this.#measuring = true
    const end = performance.now() + seconds * 1000
    await Promise.all(this.#pages.map((page) => this.#work(page, end)))
    await sleep(3_000)
    const expected = this.#sent.size * (this.#pages.length - 1)
    this.#pages.forEach(({ socket }) => socket.close())
    return {
      edits: this.#sent.size,
      latencies: this.#seen,
      acknowledged: this.#answers,
      lost: expected - this.#seen.length,
      refused: this.#refused,
    }
  }

  async #open({ cookie, row }, number) {
    const { url, programme } = this.#plan
    const read = async (path) => (await fetch(url + path, { headers: { Cookie: cookie } })).text()
    const html = await read(`/programmes/${programme}`)
    const page = { cookie, row, number, seen: new Set(), last: 0, timer: null, count: 0, cell: 0 }
    page.token = /name="csrf-token" content="([^"]+)"/.exec(html)[1]
    page.shown = page.newest = Number(new RegExp(`data-topic="programme:${programme}" data-rev="(\\d+)"`).exec(html)[1])
    page.cell = Number(new RegExp(`id="[^"]*${row}[^"]*title.en" data-rev="(\\d+)"`).exec(await read(`/rows/${row}`))?.[1] ?? 0)
    page.socket = await openPage({ url, cookie })
    page.socket.on("changed", ({ topics }) => this.#note(page, topics))
    const topics = [...html.matchAll(/data-topic="([^"]+)"/g)].map((match) => match[1])
    await page.socket.ask("watch", { topics })
    return page
  }

  async #work(page, end) {
    let next = performance.now() + Math.random() * EVERY
    for (; next < end; next += EVERY) {
      await sleep(next - performance.now())
      await this.#change(page)
    }
  }

  async #change(page) {
    const value = `w${page.number}x${page.count++}y`
    const body = new URLSearchParams({ value, rev: page.cell, show: "de", csrf_token: page.token })
    const at = performance.now()
    this.#sent.set(value, at)
    const headers = { Cookie: page.cookie, "X-CSRFToken": page.token, "HX-Request": "true" }
    const address = `${this.#plan.url}/rows/${page.row}/cells/title.en`
    const answer = await fetch(address, { method: "POST", body, headers })
    await answer.text()
    this.#answers.push(performance.now() - at)
    if (answer.ok) page.cell = Number(answer.headers.get("X-Rev"))
    else this.#refused += 1
  }

  #note(page, topics) {
    const rev = topics[`programme:${this.#plan.programme}`]
    page.newest = Math.max(page.newest, rev ?? 0)
    this.#soon(page)
  }

  #soon(page) {
    if (page.timer || page.shown >= page.newest) return
    const wait = Math.max(0, page.last + 1_000 - Date.now()) + Math.random() * 300
    page.timer = setTimeout(() => this.#fetch(page), wait)
  }

  async #fetch(page) {
    page.last = Date.now()
    const address = `${this.#plan.url}/items/${this.#plan.programme}/changes?show=de&since=${page.shown}`
    const answer = await fetch(address, { headers: { Cookie: page.cookie, "HX-Request": "true" } })
    const html = await answer.text()
    const now = performance.now()
    page.shown = Math.max(page.shown, Number(answer.headers.get("X-Rev")))
    for (const [value, number] of html.matchAll(TOKEN)) {
      if (Number(number) === page.number || page.seen.has(value)) continue
      page.seen.add(value)
      this.#seen.push(now - this.#sent.get(value))
    }
    page.timer = null
    this.#soon(page)
  }
}
