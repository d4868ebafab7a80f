// The Socket.IO connection of the page: WebSocket first, long-polling where WebSockets are blocked.

import { retryDelay } from "./backoff.js"
import { io } from "./libraries.js"
import { onSignedIn, signInAgain } from "./relogin.js"
import { dataSaver } from "./data-saver.js"
import { LOGIN_REQUIRED, PROTOCOL, QUIET, SCHEMA, SIGNED_OUT, UNAVAILABLE } from "./wire.js"

const TIMEOUT = 8_000

class Connection {
  state = "connecting"
  since = new Date()
  #socket = null
  #attempt = 0
  #lastSignIn = -Infinity
  #watchers = new Set()

  start(path) {
    this.#socket = io({
      path,
      auth: (give) => give({ v: PROTOCOL, schema: SCHEMA, ...dataSaver.preferences }),
      transports: ["websocket", "polling"],
      tryAllTransports: true,
      reconnectionDelay: 500,
      reconnectionDelayMax: 8_000,
      timeout: TIMEOUT,
      autoConnect: false,
    })
    this.#socket.on("connect", () => this.#online())
    this.#socket.on("disconnect", (reason) => this.#disconnected(reason))
    this.#socket.on("connect_error", (error) => this.#failed(error))
    this.#socket.on(SIGNED_OUT, () => this.#signInAgain())
    window.addEventListener("online", () => this.reconnect())
    dataSaver.watch(() => this.emit(QUIET, dataSaver.preferences))
    onSignedIn(() => this.reconnect())
    this.#socket.connect()
  }

  /** The Socket.IO id of this page while connected. */
  get id() {
    return this.#socket?.id
  }

  get online() {
    return this.state === "online"
  }

  /** Emit with acknowledgement; `{ok: false, error: "unavailable"}` when there is none. Nothing is queued. */
  async send(event, payload, timeout = TIMEOUT) {
    if (!this.#socket?.connected) return { ok: false, error: UNAVAILABLE }
    try {
      const answer = await this.#socket.timeout(timeout).emitWithAck(event, payload)
      return answer ?? { ok: false, error: UNAVAILABLE }
    } catch {
      return { ok: false, error: UNAVAILABLE }
    }
  }

  /** Emit without acknowledgement; may get lost. */
  emit(event, payload) {
    if (this.#socket?.connected) this.#socket.emit(event, payload)
  }

  /** Call `handler` with each `event`; returns a function that ends this. */
  on(event, handler) {
    this.#socket.on(event, handler)
    return () => this.#socket.off(event, handler)
  }

  /** Call `watcher` with the state "connecting", "online" or "offline", now and at each change; returns a function that
   *  ends this. */
  watch(watcher) {
    this.#watchers.add(watcher)
    watcher(this.state)
    return () => this.#watchers.delete(watcher)
  }

  /** Call `listener` with the size of each message in either direction: {length, sent, polled}. */
  onMessage(listener) {
    const manager = this.#socket.io
    const count = (engine, sent) => ({ data }) => listener({ length: data?.length ?? 0, sent, polled: isPolling(engine) })
    const listen = () => {
      const { engine } = manager
      engine.on("packet", count(engine, false))
      engine.on("packetCreate", count(engine, true))
    }
    manager.on("open", listen)
    if (manager.engine?.readyState === "open") listen() // the connection may be open already
  }

  /** Reconnect at once. */
  reconnect() {
    this.#socket.disconnect().connect()
  }

  #setState(state) {
    if (this.state !== state) this.since = new Date()
    this.state = state
    for (const watcher of this.#watchers) watcher(state)
  }

  #online() {
    this.#attempt = 0
    this.#setState("online")
  }

  #disconnected(reason) {
    this.#setState("offline")
    // The library reconnects by itself, except when the server disconnected the page on purpose.
    if (reason === "io server disconnect") setTimeout(() => this.#socket.connect(), retryDelay(0))
  }

  #failed(error) {
    this.#setState("offline")
    if (error.message === LOGIN_REQUIRED) this.#signInAgain()
    else if (!this.#socket.active) setTimeout(() => this.#socket.connect(), retryDelay(Math.min(this.#attempt++, 2)))
    else if (error.message === "timeout") this.#reverseTransports()
  }

  /** Some proxies drop WebSocket traffic silently: Socket.IO sees no transport error, so we change the order of
   *  transports. */
  #reverseTransports() {
    this.#socket.io.opts.transports = [...this.#socket.io.opts.transports].reverse()
  }

  /** If the login is valid for HTTP but refused on the socket, do not ask again for 10 s. */
  async #signInAgain() {
    if (performance.now() - this.#lastSignIn < 10_000) return setTimeout(() => this.#socket.connect(), 10_000)
    await signInAgain()
    this.#lastSignIn = performance.now()
  }
}

function isPolling(engine) {
  return engine.transport?.name === "polling"
}

export const connection = new Connection()
