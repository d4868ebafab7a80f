// Klimawerk's own protocol (version 1) as its browser modules use it: one update under way, the rest merged meanwhile.

import { Y } from "../../../static/vendor/klimawerk-editor.yjs-13.6.33.js"
import { openSocket } from "../socket.mjs"

export { Y }

const PAUSE = 20 // ms between two updates of one document; the first after a pause is sent at once
const b64 = (bytes) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64")
const bytesOf = (text) => new Uint8Array(Buffer.from(text, "base64"))

/** A connected page: {ask(event, payload), on(event, listener), close(), bytes}.
 *  @param closed called when its connection is closed */
export async function openPage({ url, cookie, closed }) {
  const listeners = new Map()
  const answers = new Map()
  let next = 0
  let entered
  const inside = new Promise((resolve, reject) => (entered = { resolve, reject }))
  const page = {}
  const heard = (text) => {
    if (text === "2") return page.socket.send("3")
    if (text.startsWith("40")) return entered.resolve()
    if (text.startsWith("44")) return entered.reject(new Error(text))
    const packet = /^4([23])(\d*)/.exec(text)
    if (!packet) return undefined
    const payload = JSON.parse(text.slice(packet[0].length))
    if (packet[1] === "2") return listeners.get(payload[0])?.(payload[1])
    answers.get(Number(packet[2]))?.(payload[0])
    return answers.delete(Number(packet[2]))
  }
  const address = `${url.replace("http", "ws")}/socket.io/?EIO=4&transport=websocket`
  const over = () => {
    entered.reject(new Error("the connection was closed"))
    closed?.()
  }
  page.socket = await openSocket(address, { headers: { Cookie: cookie, Origin: url }, heard, closed: over })
  page.socket.send(`40${JSON.stringify({ v: 1, schema: 1 })}`)
  await inside
  return Object.assign(page, {
    ask: (event, payload) =>
      new Promise((resolve) => {
        answers.set(next, resolve)
        page.socket.send(`42${next++}${JSON.stringify([event, payload])}`)
      }),
    on: (event, listener) => listeners.set(event, listener),
    close: () => page.socket.close(),
  })
}

/** Join `doc` with the replica `ydoc`; edits of `ydoc` are sent from then on.
 *  @param acknowledged called with the ms until an update was on disk
 *  @param refused called with the error code of a refused update */
export async function join({ url, cookie, doc, ydoc, acknowledged = () => {}, refused = () => {} }) {
  const page = await openPage({ url, cookie })
  page.on("doc:update", ({ u }) => u.forEach((update) => Y.applyUpdate(ydoc, bytesOf(update), page)))
  const answer = await page.ask("doc:join", { doc, sv: b64(Y.encodeStateVector(ydoc)), http: true })
  if (!answer.ok) throw new Error(`${doc}: ${answer.error}`)
  let read = 0
  if (answer.u) Y.applyUpdate(ydoc, bytesOf(answer.u), page)
  else read = await fetchState(url + answer.url, cookie, ydoc, page)
  const sender = new Sender(page, doc, acknowledged, refused)
  ydoc.on("update", (update, origin) => origin !== page && sender.add(update))
  return {
    close: page.close,
    caret: (a) => page.ask("doc:awareness", { doc, a }),
    get bytes() {
      return page.socket.bytes + read
    },
    get idle() {
      return sender.idle
    },
  }
}

/** The first sync by HTTP; returns the bytes on the wire. */
async function fetchState(address, cookie, ydoc, origin) {
  const answer = await fetch(address, { headers: { Cookie: cookie, "Accept-Encoding": "gzip" } })
  if (!answer.ok) throw new Error(`${address}: ${answer.status}`)
  Y.applyUpdate(ydoc, new Uint8Array(await answer.arrayBuffer()), origin)
  return Number(answer.headers.get("Content-Length"))
}

class Sender {
  #waiting = []
  #busy = false
  #timer = null
  #last = 0

  constructor(page, doc, acknowledged, refused) {
    Object.assign(this, { page, doc, acknowledged, refused })
  }

  add(update) {
    this.#waiting.push(update)
    const wait = this.#last + PAUSE - performance.now()
    if (wait <= 0) this.#send()
    else this.#timer ??= setTimeout(() => this.#send(), wait)
  }

  get idle() {
    return !this.#busy && !this.#waiting.length
  }

  async #send() {
    clearTimeout(this.#timer)
    this.#timer = null
    if (this.#busy || !this.#waiting.length) return
    this.#busy = true
    const update = this.#waiting.length > 1 ? Y.mergeUpdates(this.#waiting) : this.#waiting[0]
    this.#waiting = []
    const sent = (this.#last = performance.now())
    const answer = await this.page.ask("doc:update", { doc: this.doc, u: b64(update) })
    if (answer.ok) this.acknowledged(performance.now() - sent)
    else this.refused(answer.error)
    this.#busy = false
    this.#send()
  }
}
