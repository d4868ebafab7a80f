// What one document still has to send: one update under way at most, the rest merges meanwhile.

import { Y } from "../../vendor/klimawerk-editor.yjs-13.6.33.js"

export class Outbox {
  #waiting = []
  #fragments = new Set()
  #underWay = null
  #carried = new Set()

  /** @param fragments names of the texts that `update` touches */
  add(update, fragments) {
    this.#waiting.push(update)
    for (const name of fragments) this.#fragments.add(name)
  }

  /** Everything that waits, as one update now under way; null when nothing waits or one is under way already. */
  take() {
    if (this.#underWay || !this.#waiting.length) return null
    this.#underWay = Y.mergeUpdates(this.#waiting)
    this.#carried = this.#fragments
    this.#waiting = []
    this.#fragments = new Set()
    return this.#underWay
  }

  /** The update under way is on disk. Returns it, and the texts that have nothing left to send. */
  acknowledged() {
    const update = this.#underWay
    const done = [...this.#carried].filter((name) => !this.#fragments.has(name))
    this.#underWay = null
    this.#carried = new Set()
    return { update, done }
  }

  /** Whether the update under way arrived is not known: it waits again (to send it twice does no harm). */
  giveBack() {
    if (!this.#underWay) return
    this.#waiting.unshift(this.#underWay)
    for (const name of this.#carried) this.#fragments.add(name)
    this.#underWay = null
    this.#carried = new Set()
  }

  /** Replace what waits by `update`, which contains it. */
  widen(update) {
    this.#waiting = [update]
  }

  /** Take out of what waits what the server has, by its state vector. */
  trim(sv) {
    if (this.#waiting.length) this.#waiting = [Y.diffUpdate(Y.mergeUpdates(this.#waiting), sv)]
  }

  /** All that is not on disk as far as we know; null when there is none. */
  get unsent() {
    if (this.#waiting.length > 1) this.#waiting = [Y.mergeUpdates(this.#waiting)]
    const all = [...(this.#underWay ? [this.#underWay] : []), ...this.#waiting]
    return all.length ? Y.mergeUpdates(all) : null
  }

  /** The texts with something unsent. */
  get fragments() {
    return new Set([...this.#carried, ...this.#fragments])
  }

  clear() {
    this.#waiting = []
    this.#fragments = new Set()
    this.#underWay = null
    this.#carried = new Set()
  }

  get busy() {
    return this.#underWay !== null
  }

  get empty() {
    return !this.#underWay && !this.#waiting.length
  }
}
