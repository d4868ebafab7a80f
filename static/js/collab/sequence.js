// Which numbered updates of a document have been seen. A frame covers (from, seq]; frames may overtake each other.

import { Timers } from "../timers.js"

const GAP = 2_000

export class Sequence {
  #upto = 0
  #ahead = []
  #timers = new Timers()
  #lasting

  /** @param lasting called when a gap has lasted for 2 s */
  constructor(lasting) {
    this.#lasting = lasting
  }

  /** Everything up to and including `seq` is here: the answer to a join. A frame may have overtaken that answer. */
  start(seq) {
    this.#upto = seq
    this.#advance()
  }

  /** Until the next join is answered, nothing counts but what comes from now on. */
  reset() {
    this.#upto = 0
    this.#ahead = []
    this.#timers.cancel("gap")
  }

  cover(from, seq) {
    this.#ahead.push([from, seq])
    this.#ahead.sort((a, b) => a[0] - b[0])
    this.#advance()
  }

  #advance() {
    while (this.#ahead.length && this.#ahead[0][0] <= this.#upto) {
      this.#upto = Math.max(this.#upto, this.#ahead.shift()[1])
    }
    if (this.#ahead.length) this.#timers.once("gap", GAP, this.#lasting)
    else this.#timers.cancel("gap")
  }
}
