// What one client knows of its tokens: which the server has acknowledged, and which it can no longer answer for.

export class Ledger {
  #there = new Set()
  #gone = new Set()
  #open = new Map()

  /** Something was done that the server does not have yet. */
  begin({ wrote, removed }) {
    for (const token of [...wrote, ...removed]) this.#open.set(token, (this.#open.get(token) ?? 0) + 1)
  }

  /** The server has it. */
  acknowledge({ wrote, removed }) {
    for (const token of wrote) this.#there.add(token)
    for (const token of removed) {
      this.#there.delete(token)
      this.#gone.add(token)
    }
    for (const token of [...wrote, ...removed]) this.#close(token)
  }

  /** {there, gone, unsure}: lists of tokens; what was under way at a crash may be there or not. */
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
