// A client's record of its tokens: which the server has acknowledged, and which are uncertain.

export class Ledger {
  #there = new Set()
  #gone = new Set()
  #open = new Map()

  /** An edit was made that the server has not acknowledged. */
  begin({ wrote, removed }) {
    for (const token of [...wrote, ...removed]) this.#open.set(token, (this.#open.get(token) ?? 0) + 1)
  }

  /** The server has acknowledged the edit. */
  acknowledge({ wrote, removed }) {
    for (const token of wrote) this.#there.add(token)
    for (const token of removed) {
      this.#there.delete(token)
      this.#gone.add(token)
    }
    for (const token of [...wrote, ...removed]) this.#close(token)
  }

  /** {there, gone, unsure}: lists of tokens; those in flight at a crash are unsure. */
  get report() {
    const sure = (tokens) => [...tokens].filter((token) => !this.#open.has(token))
    return { there: sure(this.#there), gone: sure(this.#gone), unsure: [...this.#open.keys()] }
  }

  #close(token) {
    const left = this.#open.get(token) - 1
    if (left) this.#open.set(token, left)
    else this.#open.delete(token)
  }
}
