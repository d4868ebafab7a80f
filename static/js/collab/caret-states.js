// Carets of other users, by page (sid), in the form of an awareness as y-prosemirror expects it. Clients send the caret
// alone; names come from the server. With the data saver no carets are sent or received.

import { Y, decoding, encoding } from "../../vendor/klimawerk-editor.yjs-13.6.33.js"
import { dataSaver } from "../data-saver.js"
import { Timers } from "../timers.js"
import { decode, encode } from "./base64.js"

const INTERVAL = 120

export class CaretStates {
  #states = new Map()
  #listeners = new Set()
  #own = {}
  #clock = 0
  #timers = new Timers()
  #endWatch
  #saverOn = dataSaver.on
  #send

  /** @param send called with the own caret as base64, at most every 120 ms */
  constructor(client, send) {
    this.clientID = client
    this.#send = send
    this.#endWatch = dataSaver.watch(() => this.#onDataSaver())
  }

  getStates() {
    return this.#states
  }

  getLocalState() {
    return this.#own
  }

  setLocalStateField(name, value) {
    this.#own = { ...this.#own, [name]: value }
    this.#timers.once("send", INTERVAL, () => this.sendCaret())
  }

  on(_event, listener) {
    this.#listeners.add(listener)
  }

  off(_event, listener) {
    this.#listeners.delete(listener)
  }

  /** Send the own caret (also after a new connection). */
  sendCaret() {
    this.#timers.cancel("send")
    if (dataSaver.on) return
    const encoder = encoding.createEncoder()
    encoding.writeVarUint(encoder, 1)
    encoding.writeVarUint(encoder, this.clientID)
    encoding.writeVarUint(encoder, ++this.#clock)
    encoding.writeVarString(encoder, JSON.stringify({ cursor: this.#own.cursor ?? null }))
    this.#send(encode(encoding.toUint8Array(encoder)))
  }

  /** Whether there is a caret to send. */
  get shown() {
    return Boolean(this.#own.cursor) && !dataSaver.on
  }

  /** Set the caret of page `sid` from what it sent; an invalid one counts as none. */
  receive(sid, text) {
    const cursor = dataSaver.on ? null : caretIn(text)
    if (cursor) this.#states.set(sid, { cursor, user: { name: "", color: "#000000" } })
    else this.#states.delete(sid)
    this.#changed()
  }

  /** Remove the carets of all pages but `sids`. */
  keepOnly(sids) {
    for (const sid of this.#states.keys()) if (!sids.has(sid)) this.#states.delete(sid)
    this.#changed()
  }

  destroy() {
    this.#endWatch()
    this.#timers.cancel("send", "draw")
    this.#listeners.clear()
  }

  /** When the data saver is switched: withdraw the own caret, or send it again. */
  #onDataSaver() {
    if (this.#saverOn === dataSaver.on) return
    this.#saverOn = dataSaver.on
    if (!this.#saverOn) return this.sendCaret()
    this.#send(null)
    this.#states.clear()
    this.#changed()
  }

  /** Each opened text draws all carets, so draw at most every 120 ms. */
  #changed() {
    this.#timers.once("draw", INTERVAL, () => this.#listeners.forEach((listener) => listener()))
  }
}

function caretIn(text) {
  try {
    const decoder = decoding.createDecoder(decode(text))
    decoding.readVarUint(decoder)
    decoding.readVarUint(decoder)
    decoding.readVarUint(decoder)
    const { anchor, head } = JSON.parse(decoding.readVarString(decoder)).cursor
    Y.createRelativePositionFromJSON(anchor)
    Y.createRelativePositionFromJSON(head)
    return { anchor, head }
  } catch {
    return null
  }
}
