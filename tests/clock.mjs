// A fake clock for browser modules: setTimeout, Date.now and performance.now. (Not mock.timers of node 22.20: with them
// three tests of sender.test.mjs wait for a timer that never fires; the reason is unknown.)

const real = { setTimeout, clearTimeout, dateNow: Date.now, performanceNow: performance.now }
const NOON = Date.UTC(2026, 10, 30, 12)

let now = 0
let timers = []

/** Stop the clock, at the same moment in every test; removes all timers. */
export function stopClock() {
  now = 0
  timers = []
  globalThis.setTimeout = (work, ms = 0, ...given) => {
    const timer = { at: now + Math.max(ms, 1), work, given }
    timers.push(timer)
    return timer
  }
  globalThis.clearTimeout = (timer) => (timers = timers.filter((one) => one !== timer))
  Date.now = () => NOON + now
  performance.now = () => 1_000_000 + now
}

export function startClock() {
  Object.assign(globalThis, { setTimeout: real.setTimeout, clearTimeout: real.clearTimeout })
  Date.now = real.dateNow
  performance.now = real.performanceNow
}

/** Run all microtasks. */
export async function settled() {
  for (let i = 0; i < 30; i++) await null
}

/** Advance the clock by `ms` and run the timers due, in order. */
export async function pass(ms) {
  const end = now + ms
  await settled()
  for (let next = first(end); next; next = first(end)) {
    now = next.at
    clearTimeout(next)
    next.work(...next.given)
    await settled()
  }
  now = end
}

function first(end) {
  return timers.filter(({ at }) => at <= end).reduce((best, one) => (best && best.at <= one.at ? best : one), null)
}
