// Sequence numbers of a document's updates: which have arrived, and whether one is missing. A frame covers (from, seq];
// frames may arrive out of order.

import { Timers } from "../timers.js"

const GAP_TIMEOUT = 2_000

export class Sequence {
  #complete = 0
  #ahead = []
  #timers = new Timers()
  #onGap

  /** @param onGap called when an update has been missing for 2 s */
  constructor(onGap) {
    this.#onGap = onGap
  }

  /** Everything up to `seq` has arrived: the acknowledgement of a join. Later frames may have arrived before it. */
  start(seq) {
    this.#complete = seq
    this.#advance()
  }

  /** Until the next join nothing counts but what arrives from now on. */
  reset() {
    this.#complete = 0
    this.#ahead = []
    this.#timers.cancel("gap")
  }

  cover(from, seq) {
    this.#ahead.push([from, seq])
    this.#ahead.sort((a, b) => a[0] - b[0])
    this.#advance()
  }

  #advance() {
    while (this.#ahead.length && this.#ahead[0][0] <= this.#complete) {
      this.#complete = Math.max(this.#complete, this.#ahead.shift()[1])
    }
    if (this.#ahead.length) this.#timers.once("gap", GAP_TIMEOUT, this.#onGap)
    else this.#timers.cancel("gap")
  }
}
