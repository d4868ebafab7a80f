// The page's connection with a fake server that answers as the test says; no network.

import "../browser.mjs"
import { connection } from "../../static/js/connection.js"

const watchers = new Set()
const handlers = new Map()

export const line = {
  /** Messages that await an acknowledgement, {event, payload, patience, answer}, the oldest first. */
  requests: [],
  /** Messages without acknowledgement, {event, payload}. */
  emitted: [],
  id: "page-1",

  /** Set the connection to "online" or "offline". */
  setState(state) {
    connection.state = state
    for (const watcher of watchers) watcher(state)
  },

  /** The server sends an event. */
  receive(event, payload) {
    for (const handler of handlers.get(event) ?? []) handler(payload)
  },

  begin() {
    this.requests = []
    this.emitted = []
    this.id = "page-1"
    this.setState("online")
  },
}

Object.defineProperty(connection, "id", { get: () => line.id })
connection.send = (event, payload, patience) => new Promise((answer) => line.requests.push({ event, payload, patience, answer }))
connection.emit = (event, payload) => line.emitted.push({ event, payload })
connection.watch = (watcher) => {
  watchers.add(watcher)
  watcher(connection.state)
  return () => watchers.delete(watcher)
}
connection.on = (event, handler) => {
  handlers.set(event, [...(handlers.get(event) ?? []), handler])
  return () => handlers.set(event, handlers.get(event).filter((one) => one !== handler))
}
