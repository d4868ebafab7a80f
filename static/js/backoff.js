// How long to wait before trying again: doubling from half a second to 15 s, never in step with others.

import { whenIdle } from "./when-idle.js"

/** As soon as the browser has nothing better to do: what `load` resolves with, however often it takes. */
export function retryForever(load, attempt = 0) {
  return new Promise((done) => {
    const again = () => setTimeout(() => retryForever(load, attempt + 1).then(done), retryDelay(attempt))
    whenIdle(() => load().then(done, again))
  })
}

export function retryDelay(attempt) {
  return Math.min(15_000, 500 * 2 ** attempt) * (0.5 + Math.random() / 2)
}
