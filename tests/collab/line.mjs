// The page's connection with a server that answers what the test says; nothing goes over a network.

import "../browser.mjs"
import { connection } from "../../static/js/connection.js"

const watchers = new Set()
const handlers = new Map()

export const line = {
  /** Messages that wait for an answer, {event, payload, patience, answer}, the oldest first. */
  asked: [],
  /** What was sent and may get lost, {event, payload}. */
  told: [],
  id: "page-1",

  /** The connection is "online" or "offline" now. */
  become(state) {
    connection.state = state
    for (const watcher of watchers) watcher(state)
  },

  /** The server sends something by itself. */
  hear(event, payload) {
    for (const handler of handlers.get(event) ?? []) handler(payload)
  },

  begin() {
    this.asked = []
    this.told = []
    this.id = "page-1"
    this.become("online")
  },
}

Object.defineProperty(connection, "id", { get: () => line.id })
connection.send = (event, payload, patience) => new Promise((answer) => line.asked.push({ event, payload, patience, answer }))
connection.emit = (event, payload) => line.told.push({ event, payload })
connection.watch = (watcher) => {
  watchers.add(watcher)
  watcher(connection.state)
  return () => watchers.delete(watcher)
}
connection.on = (event, handler) => {
  handlers.set(event, [...(handlers.get(event) ?? []), handler])
  return () => handlers.set(event, handlers.get(event).filter((one) => one !== handler))
}
