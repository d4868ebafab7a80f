// Writes plans (see store-access.js) to a store: one write at a time per plan, repeated until the store has the newest
// version.

import { cancelPlan, markStored, unstoredPlans, plans, notifyStoreWatcher } from "./store-access.js"

// ms before something still being typed is written: on a good connection the server has it earlier, and nothing is
// written.
const DELAY = 250
// ms after which a write counts as failed, and after which a failed one is repeated.
const TIMEOUT = 5_000

/** A writer of plans: {take(plan), flush()}.
 *  @param store {keep(plan, record), drop(plan)}: promises that resolve when it is on disk
 *  @param mayDelay whether what is still being typed may wait */
export function createPlanWriter(store, mayDelay) {
  function take(plan) {
    if (plan.busy) return // checked again when the write is done
    if (plan.make && plan.mayDelay && mayDelay()) plan.timer ??= setTimeout(write, DELAY, plan)
    else write(plan)
  }

  /** Write everything unstored at once; waits for at most a second. */
  function flush() {
    return Promise.race([Promise.all(unstoredPlans().map(write)), new Promise((done) => setTimeout(done, 4 * DELAY))])
  }

  /** Resolves when the plan is stored, dropped, or has failed. */
  function write(plan) {
    clearTimeout(plan.timer)
    plan.timer = null
    return (plan.busy ??= writeUntilStored(plan))
  }

  async function writeUntilStored(plan) {
    let make
    do {
      await null
      make = plan.make
      await writeOnce(plan, make)
    } while (plan.make !== make && !plan.failed)
    plan.busy = null
    if (plan.failed) plan.timer = setTimeout(write, TIMEOUT, plan)
    if (make) notifyStoreWatcher()
    else if (!plan.failed) plans.delete(plan.key)
  }

  async function writeOnce(plan, make) {
    const timeout = setTimeout(markFailed, TIMEOUT, plan)
    try {
      const record = make?.()
      if (record) await store.keep(plan, record)
      else if (plan.written) await store.drop(plan)
      plan.written = record
      plan.failed = false
      if (plan.make === make) record || !make ? markStored(plan) : cancelPlan(plan)
    } catch {
      markFailed(plan)
    }
    clearTimeout(timeout)
  }

  return { take, flush }
}

function markFailed(plan) {
  plan.failed = true
  notifyStoreWatcher()
}
