// Named timers of one object: each set at most once, cancelled by name.

export class Timers {
  #running = new Map()

  /** Run `work` in `ms` milliseconds unless `name` is set already. */
  once(name, ms, work) {
    if (!this.#running.has(name)) this.#set(name, ms, work)
  }

  /** Run `work` in `ms` milliseconds; a timer already set for `name` is replaced. */
  restart(name, ms, work) {
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
