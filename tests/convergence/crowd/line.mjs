// A client's connection: the browser's own Socket.IO library, and a line that delays, doubles, overtakes and drops.

import { io, WebSocket as Transport } from "../../../static/vendor/socket.io-client-4.8.4.js"

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

  /** Connect; `heard(event, payload)` gets what arrives, `changed(online)` hears of the connection. */
  connect(heard, changed) {
    this.hangUp()
    const options = { forceNew: true, reconnection: false, timeout: 5_000, auth: { v: 1, schema: 1 } }
    const socket = io(this.url, { ...options, transports: [withCookie(this.cookie)] })
    this.socket = socket
    const ours = (work) => (...args) => socket === this.socket && work(...args)
    socket.on("connect", ours(() => changed(true)))
    socket.on("disconnect", ours(() => changed(false)))
    socket.on("connect_error", ours(() => changed(false)))
    socket.onAny((event, payload) => this.#arrived(ours(() => heard(event, payload)), event))
  }

  /** Ask and wait; "unavailable" when no answer comes. The message may come late, and may come twice. */
  async ask(event, payload) {
    const socket = this.socket
    if (this.#happens(this.faults.double)) this.#later(() => socket.connected && socket.emit(event, payload, () => {}))
    await this.#delay()
    try {
      if (!socket?.connected) throw new Error("offline")
      return (await socket.timeout(PATIENCE).emitWithAck(event, payload)) ?? { ok: false, error: "unavailable" }
    } catch {
      return { ok: false, error: "unavailable" }
    }
  }

  tell(event, payload) {
    if (this.online) this.socket.emit(event, payload)
  }

  /** Without a goodbye on our layer: what is under way may or may not arrive, and no answer is heard any more. */
  hangUp() {
    const [socket, late] = [this.socket, [...this.#late]]
    this.socket = null
    socket?.io.engine?.close()
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

/** The browser's WebSocket transport; a page has its cookie by itself, here it is handed over. */
function withCookie(cookie) {
  return class extends Transport {
    createSocket(address, protocols) {
      return new globalThis.WebSocket(address, { protocols: protocols ?? [], headers: { cookie } })
    }
  }
}
