// The page's one Socket.IO connection: WebSocket first, long-polling where that is blocked.

import { io } from "../vendor/klimawerk-page.htmx-4.0.1.socket.io-4.8.4.js"
import { retryDelay } from "./backoff.js"
import { onSignedIn, signInAgain } from "./relogin.js"
import { dataSaver } from "./data-saver.js"
import { LOGIN_REQUIRED, PROTOCOL, QUIET, SCHEMA, SIGNED_OUT, UNAVAILABLE } from "./wire.js"

const PATIENCE = 8_000

class Connection {
  state = "connecting"
  since = new Date()
  #socket = null
  #attempt = 0
  #asked = -Infinity
  #watchers = new Set()

  start(path) {
    this.#socket = io({
      path,
      auth: (give) => give({ v: PROTOCOL, schema: SCHEMA, ...dataSaver.wishes }),
      transports: ["websocket", "polling"],
      tryAllTransports: true,
      reconnectionDelay: 500,
      reconnectionDelayMax: 8_000,
      timeout: PATIENCE,
      autoConnect: false,
    })
    this.#socket.on("connect", () => this.#online())
    this.#socket.on("disconnect", (reason) => this.#lost(reason))
    this.#socket.on("connect_error", (error) => this.#failed(error))
    this.#socket.on(SIGNED_OUT, () => this.#signInAgain())
    window.addEventListener("online", () => this.again())
    dataSaver.watch(() => this.tell(QUIET, dataSaver.wishes))
    onSignedIn(() => this.again())
    this.#socket.connect()
  }

  /** This page's name on the wire while connected. */
  get id() {
    return this.#socket?.id
  }

  get online() {
    return this.state === "online"
  }

  /** Send and wait for the answer; `{ok: false, error: "unavailable"}` when there is none. Nothing is kept here. */
  async send(event, payload, patience = PATIENCE) {
    if (!this.#socket?.connected) return { ok: false, error: UNAVAILABLE }
    try {
      const answer = await this.#socket.timeout(patience).emitWithAck(event, payload)
      return answer ?? { ok: false, error: UNAVAILABLE }
    } catch {
      return { ok: false, error: UNAVAILABLE }
    }
  }

  /** Send what may get lost. */
  tell(event, payload) {
    if (this.#socket?.connected) this.#socket.emit(event, payload)
  }

  /** Call `handler` with each `event`; returns what ends that. */
  on(event, handler) {
    this.#socket.on(event, handler)
    return () => this.#socket.off(event, handler)
  }

  /** Call `watcher` with "connecting", "online" or "offline", now and at each change; returns what ends that. */
  watch(watcher) {
    this.#watchers.add(watcher)
    watcher(this.state)
    return () => this.#watchers.delete(watcher)
  }

  /** Call `hear` with the size of each message in either direction, {length, sent, polled}. */
  onMessage(hear) {
    const manager = this.#socket.io
    const count = (engine, sent) => ({ data }) => hear({ length: data?.length ?? 0, sent, polled: isPolling(engine) })
    const listen = () => {
      const { engine } = manager
      engine.on("packet", count(engine, false))
      engine.on("packetCreate", count(engine, true))
    }
    manager.on("open", listen)
    if (manager.engine?.readyState === "open") listen() // whoever counts may come late
  }

  /** Connect anew, at once. */
  again() {
    this.#socket.disconnect().connect()
  }

  #become(state) {
    if (this.state !== state) this.since = new Date()
    this.state = state
    for (const watcher of this.#watchers) watcher(state)
  }

  #online() {
    this.#attempt = 0
    this.#become("online")
  }

  #lost(reason) {
    this.#become("offline")
    // The library comes back by itself, except when the server sent the page away on purpose.
    if (reason === "io server disconnect") setTimeout(() => this.#socket.connect(), retryDelay(0))
  }

  #failed(error) {
    this.#become("offline")
    if (error.message === LOGIN_REQUIRED) this.#signInAgain()
    else if (!this.#socket.active) setTimeout(() => this.#socket.connect(), retryDelay(Math.min(this.#attempt++, 2)))
    else if (error.message === "timeout") this.#turnTransports()
  }

  /** Some proxies swallow a WebSocket without a word, which never counts as a failure of the transport. */
  #turnTransports() {
    this.#socket.io.opts.transports = [...this.#socket.io.opts.transports].reverse()
  }

  /** Signed in on the pages, refused on the wire: that is not asked about in a circle. */
  async #signInAgain() {
    if (performance.now() - this.#asked < 10_000) return setTimeout(() => this.#socket.connect(), 10_000)
    await signInAgain()
    this.#asked = performance.now()
  }
}

function isPolling(engine) {
  return engine.transport?.name === "polling"
}

export const connection = new Connection()
