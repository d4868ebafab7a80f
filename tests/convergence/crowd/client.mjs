// A simulated client: a connection, a replica of each document, random edits, and faults.

import { Dice } from "./dice.mjs"
import { RandomEditor } from "./edits.mjs"
import { Ledger } from "./ledger.mjs"
import { Line } from "./line.mjs"
import { Replica } from "./replica.mjs"
import { ownPrefix, tokenOf } from "./tokens.mjs"

const PATIENCE = 60 // unsent updates at which an offline client pauses
const BACK = 400 // ms at most until a page reconnects

export class Client {
  acknowledged = 0
  churn = 0
  life = -1
  #tokens = 0
  #back = null

  /** `programme`: one whose presence and topics the page follows; `locks`: documents may be closed for writing. */
  constructor({ number, url, cookie, docs, seed, faults, churn, failed, weights, programme, locks }) {
    Object.assign(this, { number, docs, faults, failed, chanceOfChurn: churn, ledger: new Ledger() })
    Object.assign(this, { weights, programme, locks })
    this.dice = new Dice(seed + 7919 * number)
    this.line = new Line({ url, cookie, dice: new Dice(seed + 104729 * number), faults })
    this.begin()
  }

  /** An empty page: at the start, and after a crash, which loses whatever was not acknowledged. */
  begin() {
    this.life++
    for (const { replica } of this.open ?? []) replica.cutOff()
    this.open = this.docs.map((name) => this.#opened(name))
    this.connect()
  }

  connect() {
    clearTimeout(this.#back)
    this.line.connect((event, payload) => this.#receive(event, payload), (online) => this.#changed(online))
  }

  /** One step of the random test. */
  step() {
    if (this.dice.chance < this.chanceOfChurn) return this.#mishap()
    const { replica, editor } = this.dice.pick(this.open)
    replica.add(() => {
      const done = editor.act()
      this.ledger.begin(done)
      return done
    })
    if (this.dice.chance < 0.1) this.line.tell("doc:awareness", { doc: replica.name, a: `caret ${this.number}` })
  }

  get tooMuch() {
    return this.open.some(({ replica }) => replica.unsent > PATIENCE)
  }

  get settled() {
    return this.line.online && this.open.every(({ replica }) => replica.settled)
  }

  crash() {
    this.churn++
    this.line.hangUp()
    this.begin()
  }

  #mishap() {
    this.churn++
    const kind = this.dice.choose({ blink: 5, away: 4, crash: 2, rejoin: 3 })
    if (kind === "crash") return this.crash()
    if (kind === "rejoin") return this.dice.pick(this.open).replica.join()
    this.#leave()
    if (kind === "blink") this.connect()
    else this.#comeBack()
  }

  #leave() {
    this.line.hangUp()
    for (const { replica } of this.open) replica.cutOff()
  }

  #opened(name) {
    const [line, dice, failed] = [this.line, this.line.dice, (sentence) => this.failed(`client ${this.number}, ${name}: ${sentence}`)]
    const acknowledged = (note) => {
      this.acknowledged++
      this.ledger.acknowledge(note)
    }
    const replica = new Replica({ name, line, dice, acknowledged, failed, poisoned: this.locks && (() => this.crash()) })
    const next = () => tokenOf(this.number, this.life, ++this.#tokens)
    return { replica, editor: new RandomEditor(replica.doc, this.dice, ownPrefix(this.number, this.life), next, this.weights) }
  }

  #receive(event, payload) {
    const opened = this.open.find(({ replica }) => replica.name === payload?.doc)
    if (event === "doc:update") opened?.replica.receive(payload)
    if (event === "doc:access") opened?.replica.allow(payload.write)
    if (event === "doc:closed") this.failed(`client ${this.number}: ${payload.doc} was closed: ${payload.reason}`)
  }

  #changed(online) {
    for (const { replica } of this.open) {
      replica.cutOff()
      if (online) replica.join()
    }
    if (!online) this.#comeBack()
    else if (this.programme) this.#beSeen()
  }

  #beSeen() {
    const [number, item] = [this.programme, this.docs[0].split(":")[1]]
    this.line.tell("watch", { topics: [`programme:${number}`, ...this.docs] })
    this.line.tell("here", { programme: number, item, field: "description" })
  }

  #comeBack() {
    clearTimeout(this.#back)
    this.#back = setTimeout(() => this.connect(), 50 + this.line.dice.below(BACK))
  }
}
