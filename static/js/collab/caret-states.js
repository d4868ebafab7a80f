// Where others have their caret, by page (sid). From the wire comes the caret alone; names come from the server.
//
// With the data saver there are none, in either direction.
//
// The shape is the one y-prosemirror expects of an awareness.

import { Y, decoding, encoding } from "../../vendor/klimawerk-editor.yjs-13.6.33.js"
import { dataSaver } from "../data-saver.js"
import { Timers } from "../timers.js"
import { decode, encode } from "./base64.js"

const CALM = 120

export class CaretStates {
  #states = new Map()
  #listeners = new Set()
  #own = {}
  #clock = 0
  #timers = new Timers()
  #endWatch
  #saving = dataSaver.saver
  #send

  /** @param send called with the caret to tell others, as base64, at most every 120 ms */
  constructor(client, send) {
    this.clientID = client
    this.#send = send
    this.#endWatch = dataSaver.watch(() => this.#save())
  }

  getStates() {
    return this.#states
  }

  getLocalState() {
    return this.#own
  }

  setLocalStateField(name, value) {
    this.#own = { ...this.#own, [name]: value }
    this.#timers.once("tell", CALM, () => this.tell())
  }

  on(_event, listener) {
    this.#listeners.add(listener)
  }

  off(_event, listener) {
    this.#listeners.delete(listener)
  }

  /** Tell others where the own caret is (also after a new connection). */
  tell() {
    this.#timers.cancel("tell")
    if (dataSaver.saver) return
    const encoder = encoding.createEncoder()
    encoding.writeVarUint(encoder, 1)
    encoding.writeVarUint(encoder, this.clientID)
    encoding.writeVarUint(encoder, ++this.#clock)
    encoding.writeVarString(encoder, JSON.stringify({ cursor: this.#own.cursor ?? null }))
    this.#send(encode(encoding.toUint8Array(encoder)))
  }

  /** Whether there is a caret to tell. */
  get shown() {
    return Boolean(this.#own.cursor) && !dataSaver.saver
  }

  /** Take the caret of page `sid` from what it sent; nonsense counts as no caret. */
  receive(sid, text) {
    const cursor = dataSaver.saver ? null : caretIn(text)
    if (cursor) this.#states.set(sid, { cursor, user: { name: "", color: "#000000" } })
    else this.#states.delete(sid)
    this.#changed()
  }

  /** Forget the carets of pages that are gone. */
  keep(sids) {
    for (const sid of this.#states.keys()) if (!sids.has(sid)) this.#states.delete(sid)
    this.#changed()
  }

  destroy() {
    this.#endWatch()
    this.#timers.cancel("tell", "draw")
    this.#listeners.clear()
  }

  /** The data saver was turned on or off: the own caret is taken back, or told again. */
  #save() {
    if (this.#saving === dataSaver.saver) return
    this.#saving = dataSaver.saver
    if (!this.#saving) return this.tell()
    this.#send(null)
    this.#states.clear()
    this.#changed()
  }

  /** Every opened text draws carets anew: not for each one that moves. */
  #changed() {
    this.#timers.once("draw", CALM, () => this.#listeners.forEach((listener) => listener()))
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
