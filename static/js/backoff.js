// Retry delays: exponential backoff from half a second to 15 s, with jitter so that clients do not retry in step.

import { whenIdle } from "./when-idle.js"

/** Call `load` when the browser is idle and retry until it succeeds; resolves with its result. */
export function retryForever(load, attempt = 0) {
  return new Promise((done) => {
    const retry = () => setTimeout(() => retryForever(load, attempt + 1).then(done), retryDelay(attempt))
    whenIdle(() => load().then(done, retry))
  })
}

/** Milliseconds to wait before retry number `attempt`, counted from 0. */
export function retryDelay(attempt) {
  return Math.min(15_000, 500 * 2 ** attempt) * (0.5 + Math.random() / 2)
}
