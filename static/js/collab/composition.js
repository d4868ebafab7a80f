// Composition (IME): while a keyboard composes a word, updates of others wait, since keyboards write a word twice or
// into another paragraph when the text changes under it. Own updates wait too while the word grows: others get it whole
// and do not type into its middle.

import { Timers } from "../timers.js"

// ms after a composition in which the editor view still processes it.
const SETTLE = 80
// ms after which a word that does not grow is sent as far as it goes.
const SEND_AFTER = 1_000
// ms after which a composition is ended if others' updates wait: some keyboards keep it open as long as the caret
// stays.
const MAX_DURATION = 15_000

export class Composition {
  /** Whether own updates are held back. */
  holdsUpdates = false
  #composing = false
  #waiting = []
  #timers = new Timers()
  #onReleased

  /** @param released called when own updates may be sent */
  constructor(onReleased) {
    this.#onReleased = onReleased
  }

  /** A composition starts or goes on; `finish` ends it as if the user had. */
  begin(finish) {
    this.#composing = this.holdsUpdates = true
    this.#timers.cancel("end")
    this.#timers.restart("held", SEND_AFTER, () => this.#release())
    this.#timers.restart("rest", MAX_DURATION, () => {
      if (!this.#waiting.length) return this.begin(finish)
      finish()
      this.end()
    })
  }

  /** The composition has ended; another may follow at once. */
  end() {
    if (this.#composing) this.#timers.restart("end", SETTLE, () => this.#finish())
  }

  /** Run `work` as soon as there is no composition. */
  after(work) {
    if (this.#composing) this.#waiting.push(work)
    else work()
  }

  #finish() {
    this.#composing = false
    this.#timers.cancel("end", "held", "rest")
    for (const work of this.#waiting.splice(0)) work()
    this.#release()
  }

  #release() {
    this.holdsUpdates = false
    this.#onReleased()
  }
}
