// What need not happen at once.

/** Run `work` as soon as the browser has nothing better to do. */
export function whenIdle(work) {
  if (window.requestIdleCallback) requestIdleCallback(work, { timeout: 3_000 })
  else setTimeout(work, 500)
}
