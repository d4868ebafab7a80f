// Thundering herd: everybody connects at once, as at the beginning of a workshop and after every restart. Each page
// connects, sends what it watches and where it is, joins its text, and writers go on typing, connected or not. The
// delay before a page reconnects is computed as in the browser's library.

import { openPage, Y } from "./lines/klimawerk.mjs"
import { sleep, until } from "./typing.mjs"

const FRAGMENT = "description.en"
const PATIENCE = 60_000 // ms until a page that is not in, or a character not acknowledged, counts as never
const BATCH = 20 // ms, as in the browser
const [DELAY, LONGEST_DELAY, SPREAD] = [500, 8_000, 0.5] // of the Socket.IO client
const b64 = (bytes) => Buffer.from(bytes).toString("base64")
const bytesOf = (text) => new Uint8Array(Buffer.from(text, "base64"))

/** Whether a page was refused, by HTTP or by Socket.IO. Else nobody listens at the address, which may contain "500". */
export function isRefusal(message) {
  return /^(44|HTTP\/1\.1 50[03] )/.test(message)
}

export class Herd {
  #pages
  #typed
  #refused = {}
  #began = 0
  #first = Infinity

  /** @param plan {url, urls?, programme, clients: [{doc, cookie, writes}], pace, typed (ms, once all are in)} */
  constructor({ url, urls, programme, clients, pace, typed }) {
    this.#typed = typed
    const refused = (code) => (this.#refused[code] = (this.#refused[code] ?? 0) + 1)
    const accepted = () => (this.#first = Math.min(this.#first, performance.now()))
    this.#pages = clients.map((client, i) => {
      const home = urls ? urls[i % urls.length] : url
      return new HerdPage({ ...client, url: home, programme, pace, refused, accepted })
    })
  }

  /** All connect at the same moment; returns the figures once everybody is in and has typed for a while. */
  async gather() {
    this.#begin()
    for (const page of this.#pages) page.come()
    return this.#figures()
  }

  /** Before a kill: from now on each page remembers that it has lost its connection. */
  expectLoss() {
    this.#begin()
    this.#first = Infinity
  }

  /** How many pages have lost their connection since `expectLoss`, and how many are joined. */
  count() {
    const [lost, joined] = ["lost", "joined"].map((key) => this.#pages.filter((page) => page[key]).length)
    return { lost, joined }
  }

  /** The figures of how all reconnected after a kill, in whatever order the pages lost their connections and joined
   *  again. Times count from the server's first response. */
  async regather() {
    const all = this.#pages.length
    await until(() => this.count().lost === all, () => `the kill: ${this.count().lost} of ${all} pages noticed`, PATIENCE)
    return this.#figures()
  }

  #begin() {
    this.#began = performance.now()
    for (const code of Object.keys(this.#refused)) delete this.#refused[code]
    for (const page of this.#pages) page.forget()
  }

  async #figures() {
    await until(() => this.#pages.every(({ joined }) => joined), "", PATIENCE)
    await sleep(this.#typed)
    for (const page of this.#pages) page.rest()
    await until(() => this.#pages.every(({ idle }) => idle), "", PATIENCE)
    const begin = Number.isFinite(this.#first) ? this.#first : this.#began
    const acknowledged = this.#pages.flatMap(({ letters }) =>
      letters.filter(({ at }) => at).map(({ pressed, at }) => at - Math.max(pressed, begin)),
    )
    const figures = {
      back: begin - this.#began,
      slept: Math.max(...this.#pages.map(({ cameBack }) => cameBack - begin)),
      entered: this.#pages.filter(({ joined }) => joined).map(({ inAt }) => inAt - begin),
      acknowledged,
      never: this.#pages.flatMap(({ letters }) => letters.filter(({ at }) => !at)).length,
      refused: { ...this.#refused },
    }
    for (const page of this.#pages) page.work()
    return figures
  }
}

class HerdPage {
  joined = false
  lost = false // its connection, since `forget`
  inAt = Infinity
  cameBack = 0
  letters = [] // {pressed, at}: ms at which a character was typed and acknowledged
  #options
  #ydoc = new Y.Doc()
  #page = null
  #busy = false
  #waiting = []
  #attempt = 0
  #text = null
  #timer = null

  constructor(options) {
    this.#options = options
    this.#ydoc.on("update", (update, origin) => origin === "server" || this.#waiting.push(update))
  }

  forget() {
    this.letters = this.letters.filter(({ at }) => !at)
    this.lost = false
    this.inAt = Infinity
  }

  get idle() {
    return this.letters.every(({ at }) => at)
  }

  async come() {
    const { url, cookie, accepted } = this.#options
    this.cameBack = performance.now()
    let over = false
    const closed = () => {
      if (over) return
      over = true
      this.#lost()
    }
    try {
      this.#page = await openPage({ url, cookie, closed })
    } catch (error) {
      if (isRefusal(error.message)) this.#options.refused(error.message.slice(0, 60))
      return closed()
    }
    accepted()
    this.#attempt = 0
    await this.#enter()
  }

  async #enter() {
    const [page, { doc, programme, refused }] = [this.#page, this.#options]
    page.on("doc:update", ({ u }) => u.forEach((update) => Y.applyUpdate(this.#ydoc, bytesOf(update), "server")))
    const watched = page.ask("watch", { topics: [doc, `programme:${programme}`, `talks-de:${doc.split(":")[1]}`] })
    const again = page.ask("watch", { topics: [`programme:${programme}`] })
    const here = page.ask("here", { programme, item: doc })
    const joining = page.ask("doc:join", { doc, sv: b64(Y.encodeStateVector(this.#ydoc)), http: true })
    for (const answer of [watched, again, here]) answer.then(({ ok, error }) => ok || refused(error))
    const answer = await joining
    if (page !== this.#page) return
    if (!answer.ok) {
      refused(answer.error)
      setTimeout(() => page === this.#page && this.#enter(), 500)
      return
    }
    if (answer.u) Y.applyUpdate(this.#ydoc, bytesOf(answer.u), "server")
    this.joined = true
    this.inAt = performance.now()
    if (this.letters.length) this.#waiting = [Y.encodeStateAsUpdate(this.#ydoc, bytesOf(answer.sv))]
    if (this.#options.writes && !this.#timer) this.work()
    this.#send()
  }

  /** Type from now on, if this client is a writer. */
  work() {
    if (this.#options.writes) this.#timer ??= setInterval(() => this.#press(), 1000 / this.#options.pace)
  }

  rest() {
    clearInterval(this.#timer)
    this.#timer = null
  }

  #press() {
    if (!this.#text) {
      const paragraph = new Y.XmlElement("paragraph")
      this.#text = new Y.XmlText("")
      paragraph.insert(0, [this.#text])
      const fragment = this.#ydoc.getXmlFragment(FRAGMENT)
      fragment.insert(fragment.length, [paragraph])
    }
    this.letters.push({ pressed: performance.now(), at: 0 })
    this.#text.insert(this.#text.length, "x")
    this.#send()
  }

  async #send() {
    if (this.#busy || !this.joined || !this.#waiting.length) return
    this.#busy = true
    const page = this.#page
    const update = this.#waiting.length > 1 ? Y.mergeUpdates(this.#waiting) : this.#waiting[0]
    const covered = this.letters.length
    const letters = [...this.letters]
    this.#waiting = []
    const answer = await page.ask("doc:update", { doc: this.#options.doc, u: b64(update) })
    if (page !== this.#page) return
    if (answer.ok) for (const letter of letters.slice(0, covered)) letter.at ||= performance.now()
    else {
      this.#options.refused(answer.error)
      this.#waiting.unshift(update)
      await sleep(300)
    }
    await sleep(BATCH)
    this.#busy = false
    this.#send()
  }

  #lost() {
    this.lost = true
    this.joined = this.#busy = false
    this.#page = null
    const delay = Math.min(LONGEST_DELAY, DELAY * 2 ** this.#attempt++)
    setTimeout(() => this.come(), delay * (1 - SPREAD + 2 * SPREAD * Math.random()))
  }
}
