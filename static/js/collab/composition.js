// While a keyboard composes a word, others' edits wait: where text changes under a word, keyboards write the word twice,
// or into another paragraph. The word itself waits too, as long as it grows: others see it whole, and put nothing into
// the middle of it.

import { Timers } from "../timers.js"

// After a word the view itself takes a moment.
const CALM = 80
// A word that does not grow any more is shown to the others as far as it goes.
const HELD = 1_000
// A keyboard may rest in a word for as long as the caret stands there. Then the word is ended for it.
const LONGEST = 15_000

export class Composition {
  /** Whether own words wait. */
  holds = false
  #composing = false
  #waiting = []
  #timers = new Timers()
  #released

  /** @param released called when own words need not wait any more */
  constructor(released) {
    this.#released = released
  }

  /** A word is begun, or goes on; `finish` ends it as if the person had. */
  begin(finish) {
    this.#composing = this.holds = true
    this.#timers.cancel("end")
    this.#timers.anew("held", HELD, () => this.#release())
    this.#timers.anew("rest", LONGEST, () => {
      if (!this.#waiting.length) return this.begin(finish)
      finish()
      this.end()
    })
  }

  /** The word is there; another one may follow at once. */
  end() {
    if (this.#composing) this.#timers.anew("end", CALM, () => this.#over())
  }

  /** Do `work` as soon as no word is under way. */
  after(work) {
    if (this.#composing) this.#waiting.push(work)
    else work()
  }

  #over() {
    this.#composing = false
    this.#timers.cancel("end", "held", "rest")
    for (const work of this.#waiting.splice(0)) work()
    this.#release()
  }

  #release() {
    this.holds = false
    this.#released()
  }
}
