// Defers work until the browser is idle.

/** Run `work` when the browser is idle, at the latest after 3 s (500 ms later where the browser cannot tell). */
export function whenIdle(work) {
  if (window.requestIdleCallback) requestIdleCallback(work, { timeout: 3_000 })
  else setTimeout(work, 500)
}
