// Which numbered updates of a document have been seen. A frame covers (from, seq]; frames may overtake each other.

export class Sequence {
  #upto = 0
  #ahead = []

  /** Everything up to and including `seq` is here. */
  start(seq) {
    this.#upto = seq
    this.#ahead = []
  }

  cover(from, seq) {
    this.#ahead.push([from, seq])
    this.#ahead.sort((a, b) => a[0] - b[0])
    while (this.#ahead.length && this.#ahead[0][0] <= this.#upto) {
      this.#upto = Math.max(this.#upto, this.#ahead.shift()[1])
    }
  }

  /** Whether something in between is missing. */
  get gap() {
    return this.#ahead.length > 0
  }
}
