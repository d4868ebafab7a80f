// One client's replica of one document, by the wire protocol: nothing is sent before the join is answered, one
// update is in flight at most, a lasting gap causes a new join, and after "resync" the server gets all it lacks.

import { Y } from "../../../static/vendor/klimawerk-editor.yjs-13.6.33.js"

const GAP = 400 // ms; browsers are more patient
const AGAIN = ["unavailable", "rate"]
const REMOTE = Symbol("from the wire")
export const encode = (bytes) => Buffer.from(bytes).toString("base64")
export const decode = (text) => new Uint8Array(Buffer.from(text, "base64"))

export class Replica {
  doc = new Y.Doc()
  seq = 0
  frames = 0
  write = true
  #gen = null
  #joined = false
  #joining = false
  #waiting = []
  #underWay = null
  #lacking = false
  #ahead = []
  #timers = new Map()

  /** `acknowledged(note)` is called for each note given to `add`; `failed(sentence)` for what must not happen.
   *  `poisoned()`, where documents may be closed, is called when the server will refuse what this replica holds. */
  constructor({ name, line, dice, acknowledged, failed, poisoned }) {
    Object.assign(this, { name, line, dice, acknowledged, failed, poisoned })
    this.doc.on("update", (update, origin) => {
      if (origin === REMOTE) return
      this.#waiting.push({ update, note: null })
      this.#soon("send", 10, () => this.#send()) // also what Yjs cleans up by itself
    })
  }

  /** Edit: `change()` returns the note that is acknowledged with the last update it made. */
  add(change) {
    const before = this.#waiting.length
    const note = change()
    if (this.#waiting.length === before) return
    this.#waiting.at(-1).note = note
  }

  async join() {
    if (this.#joining || !this.line.online) return
    this.cutOff()
    this.#joining = true
    const socket = this.line.socket
    const sv = encode(Y.encodeStateVector(this.doc))
    const answer = await this.line.ask("doc:join", { doc: this.name, sv, ...(this.#gen && { gen: this.#gen }) })
    this.#joining = false
    if (socket !== this.line.socket) return this.join()
    if (!answer.ok) return this.#notJoined(answer.error)
    this.#catchUp(answer)
  }

  receive({ from, seq, u }) {
    this.frames++
    for (const update of u) this.#apply(update, "a frame")
    this.#cover(from, seq)
  }

  /** Editing is open or closed now. */
  allow(write) {
    this.write = write
    if (write) this.#send()
  }

  /** The connection is lost: the update in flight waits again. */
  cutOff() {
    this.#joined = false
    for (const timer of this.#timers.values()) clearTimeout(timer)
    this.#timers.clear()
    if (this.#underWay) this.#waiting.unshift(...this.#underWay)
    this.#underWay = null
  }

  get settled() {
    return this.#joined && !this.#waiting.length && !this.#underWay && !this.#ahead.length
  }

  /** The state, for failure messages. */
  get about() {
    const [joined, joining, write] = [this.#joined, this.#joining, this.write]
    const [waiting, underWay, ahead] = [this.#waiting.length, this.#underWay?.length ?? 0, this.#ahead]
    return { name: this.name, online: this.line.online, joined, joining, write, waiting, underWay, ahead, seq: this.seq }
  }

  get unsent() {
    return this.#waiting.length + (this.#underWay?.length ?? 0)
  }

  get size() {
    return Y.encodeStateAsUpdate(this.doc).length
  }

  #notJoined(error) {
    if (!AGAIN.includes(error)) this.failed(`join: ${error}`)
    this.#soon("join", 200, () => this.join())
  }

  #catchUp({ gen, u, sv, seq, write }) {
    if (this.#gen && gen !== this.#gen) this.failed("the document became another one")
    this.#gen = gen
    this.#apply(u, "a join's answer")
    this.#joined = true
    this.write = write
    this.seq = seq
    this.#advance() // a frame may have overtaken the answer
    if (this.#lacking && this.#waiting.length) this.#widen(decode(sv))
    this.#lacking = false
    this.#send()
  }

  #widen(sv) {
    const notes = this.#waiting.map(({ note }) => note).filter(Boolean)
    this.#waiting = [{ update: Y.encodeStateAsUpdate(this.doc, sv), note: null, notes }]
  }

  async #send() {
    if (!this.#joined || !this.write || this.#underWay || !this.#waiting.length) return
    const count = this.dice.chance < 0.3 ? 1 + this.dice.below(this.#waiting.length) : this.#waiting.length
    const batch = (this.#underWay = this.#waiting.splice(0, count))
    const update = this.#merged(batch.map((entry) => entry.update))
    const answer = await this.line.ask("doc:update", { doc: this.name, u: encode(update) })
    if (this.#underWay !== batch) return // returned to the queue meanwhile: this answer is not about the present queue
    this.#underWay = null
    if (answer.ok) return this.#acknowledge(batch, answer.seq)
    this.#waiting.unshift(...batch)
    this.#refused(answer.error)
  }

  /** Name the update in the error, whose stack does not. */
  #apply(text, what) {
    try {
      Y.applyUpdate(this.doc, decode(text), REMOTE)
    } catch (error) {
      this.failed(`${what} could not be applied (${error.message}): ${text.slice(0, 400)}`)
    }
  }

  #merged(updates) {
    try {
      return Y.mergeUpdates(updates)
    } catch (error) {
      this.failed(`updates could not be merged (${error.message}): ${updates.map(encode).join(" ").slice(0, 400)}`)
      return updates[0]
    }
  }

  #acknowledge(batch, seq) {
    for (const { note, notes } of batch) for (const one of notes ?? (note ? [note] : [])) this.acknowledged(one)
    this.#cover(seq - 1, seq)
    this.#send()
  }

  #refused(error) {
    if (error === "resync" || error === "not_joined") {
      this.#lacking ||= error === "resync"
      this.#joined = false
      this.#soon("join", 50, () => this.join())
    } else if (error === "locked" && this.poisoned) this.poisoned()
    else {
      if (!AGAIN.includes(error)) this.failed(`an update was refused: ${error}`)
      this.#soon("send", 200, () => this.#send())
    }
  }

  #cover(from, seq) {
    this.#ahead.push([from, seq])
    this.#ahead.sort((a, b) => a[0] - b[0])
    this.#advance()
  }

  #advance() {
    while (this.#ahead.length && this.#ahead[0][0] <= this.seq) this.seq = Math.max(this.seq, this.#ahead.shift()[1])
    if (this.#ahead.length) this.#soon("gap", GAP, () => this.join())
    else clearTimeout(this.#timers.get("gap")), this.#timers.delete("gap")
  }

  #soon(name, ms, work) {
    if (this.#timers.has(name)) return
    const run = () => {
      this.#timers.delete(name)
      work()
    }
    this.#timers.set(name, setTimeout(run, ms))
  }
}
