// Unsent updates of one document: at most one is under way, the others are merged meanwhile.

import { Y } from "../../vendor/klimawerk-editor.yjs-13.6.33.js"

export class Outbox {
  #waiting = []
  #fragments = new Set()
  #underWay = null
  #underWayFragments = new Set()

  /** @param fragments names of the texts that `update` changes */
  add(update, fragments) {
    this.#waiting.push(update)
    for (const name of fragments) this.#fragments.add(name)
  }

  /** Merge everything that waits into one update under way; null when nothing waits or one is under way already. */
  take() {
    if (this.#underWay || !this.#waiting.length) return null
    this.#underWay = Y.mergeUpdates(this.#waiting)
    this.#underWayFragments = this.#fragments
    this.#waiting = []
    this.#fragments = new Set()
    return this.#underWay
  }

  /** The update under way is stored. Returns it, and the texts that have nothing left to send. */
  acknowledged() {
    const update = this.#underWay
    const done = [...this.#underWayFragments].filter((name) => !this.#fragments.has(name))
    this.#underWay = null
    this.#underWayFragments = new Set()
    return { update, done }
  }

  /** Whether the update under way has arrived is unknown: queue it again (sending it twice does no harm). */
  giveBack() {
    if (!this.#underWay) return
    this.#waiting.unshift(this.#underWay)
    for (const name of this.#underWayFragments) this.#fragments.add(name)
    this.#underWay = null
    this.#underWayFragments = new Set()
  }

  /** Replace what waits by `update`, which contains it. */
  widen(update) {
    this.#waiting = [update]
  }

  /** Remove from what waits what the server has, by its state vector `sv`. */
  dropStored(sv) {
    if (this.#waiting.length) this.#waiting = [Y.diffUpdate(Y.mergeUpdates(this.#waiting), sv)]
  }

  /** Everything not known to be stored, merged; null when there is nothing. */
  get unsent() {
    if (this.#waiting.length > 1) this.#waiting = [Y.mergeUpdates(this.#waiting)]
    const all = [...(this.#underWay ? [this.#underWay] : []), ...this.#waiting]
    return all.length ? Y.mergeUpdates(all) : null
  }

  /** The texts with unsent changes. */
  get fragments() {
    return new Set([...this.#underWayFragments, ...this.#fragments])
  }

  clear() {
    this.#waiting = []
    this.#fragments = new Set()
    this.#underWay = null
    this.#underWayFragments = new Set()
  }

  get busy() {
    return this.#underWay !== null
  }

  get empty() {
    return !this.#underWay && !this.#waiting.length
  }
}
