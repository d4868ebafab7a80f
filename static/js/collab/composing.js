// While a keyboard composes a word, others' edits wait: where text changes under a word, keyboards write the word twice,
// or into another paragraph. The word's own edits travel meanwhile, as always.

import { Timers } from "../timers.js"

// After a word the view itself takes a moment.
const CALM = 80
// A keyboard may rest in a word for as long as the caret stands there. Then the word is ended for it.
const LONGEST = 15_000

export class Composing {
  #composing = false
  #waiting = []
  #timers = new Timers()

  /** A word is begun, or goes on; `finish` ends it as if the person had. */
  begin(finish) {
    this.#composing = true
    this.#timers.cancel("end")
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
    this.#timers.cancel("end", "rest")
    for (const work of this.#waiting.splice(0)) work()
  }
}
