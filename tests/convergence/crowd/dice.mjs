// A seeded random generator: the same seed gives the same decisions.

export class Dice {
  #state

  constructor(seed) {
    this.#state = seed >>> 0
  }

  /** A number in [0, 1). */
  get chance() {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }

  /** A whole number in [0, below). */
  below(below) {
    return Math.floor(this.chance * below)
  }

  pick(things) {
    return things[this.below(things.length)]
  }

  /** One of `{name: weight}`. */
  choose(weights) {
    let left = this.chance * Object.values(weights).reduce((sum, weight) => sum + weight, 0)
    for (const [name, weight] of Object.entries(weights)) if ((left -= weight) < 0) return name
    return Object.keys(weights)[0]
  }
}
