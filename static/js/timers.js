// Named timers of one thing: set once each, cancelled by name or all together.

export class Timers {
  #running = new Map()

  /** Run `work` in `ms` milliseconds unless `name` is set already. */
  once(name, ms, work) {
    if (!this.#running.has(name)) this.#set(name, ms, work)
  }

  /** Run `work` in `ms` milliseconds; what was set for `name` is dropped. */
  anew(name, ms, work) {
    this.cancel(name)
    this.#set(name, ms, work)
  }

  cancel(...names) {
    for (const name of names) {
      clearTimeout(this.#running.get(name))
      this.#running.delete(name)
    }
  }

  #set(name, ms, work) {
    const run = () => {
      this.#running.delete(name)
      work()
    }
    this.#running.set(name, setTimeout(run, ms))
  }
}
