// A client's connection that delays, repeats, reorders and drops messages.

import { Socket } from "./socket.mjs"

const PATIENCE = 4_000

/** `faults`: {delay: [chance, most ms], double: chance, drop: chance (incoming frames alone), calm: all of it off}. */
export class Line {
  #late = new Map()

  constructor({ url, cookie, dice, faults }) {
    Object.assign(this, { url, cookie, dice, faults, socket: null })
  }

  get online() {
    return Boolean(this.socket?.connected)
  }

  /** Connect; `heard(event, payload)` is called for events, `changed(online)` for the connection's state. */
  connect(heard, changed) {
    this.hangUp()
    const ours = (work) => (...args) => this.socket === socket && work(...args)
    const socket = new Socket({
      url: this.url,
      cookie: this.cookie,
      auth: { v: 1, schema: 1 },
      connect: ours(() => changed(true)),
      disconnect: ours(() => changed(false)),
      event: (event, payload) => this.#arrived(ours(() => heard(event, payload)), event),
    })
    this.socket = socket
  }

  /** Send and wait for the answer; "unavailable" without one. The message may arrive late, and twice. */
  async ask(event, payload) {
    const socket = this.socket
    if (this.#happens(this.faults.double)) this.#later(() => socket?.tell(event, payload))
    await this.#delay()
    return (await socket?.ask(event, payload, PATIENCE)) ?? { ok: false, error: "unavailable" }
  }

  tell(event, payload) {
    this.socket?.tell(event, payload)
  }

  /** Break the connection: messages in flight may arrive or not, and answers are ignored. */
  hangUp() {
    const [socket, late] = [this.socket, [...this.#late]]
    this.socket = null
    socket?.close()
    for (const [timer, work] of late) {
      clearTimeout(timer)
      work()
    }
    this.#late.clear()
  }

  #arrived(deliver, event) {
    if (event === "doc:update" && this.#happens(this.faults.drop)) return
    if (this.#happens(this.faults.double)) this.#later(deliver)
    if (this.#happens(this.faults.delay[0])) this.#later(deliver)
    else deliver()
  }

  #happens(chance) {
    return !this.faults.calm && this.dice.chance < chance
  }

  async #delay() {
    if (this.#happens(this.faults.delay[0])) await new Promise((done) => this.#later(done))
  }

  #later(work) {
    const timer = setTimeout(() => {
      this.#late.delete(timer)
      work()
    }, this.dice.below(this.faults.delay[1]))
    this.#late.set(timer, work)
  }
}
