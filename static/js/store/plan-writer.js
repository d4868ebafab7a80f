// Writes plans (see store-access.js) into a store: one write at a time for each, again until it holds.

import { cancelPlan, markStored, unstoredPlans, plans, notifyStoreWatcher } from "./store-access.js"

// On a good line words are on the server sooner, and nothing is written at all.
const CALM = 250
// What takes longer counts as not kept until it is; what failed is tried again.
const PATIENCE = 5_000

/** What sees to it that plans are kept: {take(plan), flush()}.
 *  @param store {keep(plan, record), drop(plan)}: promises that end when the disk has it
 *  @param calm whether what is still being typed may wait for company */
export function createPlanWriter(store, calm) {
  function take(plan) {
    if (plan.busy) return // it is looked at again then
    if (plan.make && plan.calm && calm()) plan.timer ??= setTimeout(write, CALM, plan)
    else write(plan)
  }

  /** Write all that is owed at once; what takes too long is not waited for. */
  function flush() {
    return Promise.race([Promise.all(unstoredPlans().map(write)), new Promise((done) => setTimeout(done, 4 * CALM))])
  }

  /** Resolves when it is kept, dropped, or has failed. */
  function write(plan) {
    clearTimeout(plan.timer)
    plan.timer = null
    return (plan.busy ??= untilItHolds(plan))
  }

  async function untilItHolds(plan) {
    let make
    do {
      await null
      make = plan.make
      await once(plan, make)
    } while (plan.make !== make && !plan.failed)
    plan.busy = null
    if (plan.failed) plan.timer = setTimeout(write, PATIENCE, plan)
    if (make) notifyStoreWatcher()
    else if (!plan.failed) plans.delete(plan.key)
  }

  async function once(plan, make) {
    const slow = setTimeout(failed, PATIENCE, plan)
    try {
      const record = make?.()
      if (record) await store.keep(plan, record)
      else if (plan.written) await store.drop(plan)
      plan.written = record
      plan.failed = false
      if (plan.make === make) record || !make ? markStored(plan) : cancelPlan(plan)
    } catch {
      failed(plan)
    }
    clearTimeout(slow)
  }

  return { take, flush }
}

function failed(plan) {
  plan.failed = true
  notifyStoreWatcher()
}
