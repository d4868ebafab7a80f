// What this page has to store in the browser, by key ("plans"). A plan is "kept" only once the store confirms it; from
// `storePlan` until then it is "keeping", or "unkept" if that failed, and the user is asked before leaving.
//
// A plan: {key, make, since, mayDelay, kept, failed, after, replaced}. `make` is null when nothing is to be stored
// any more; a `replaced` version is part of another plan too.

/** All plans by key, the oldest first. */
export const plans = new Map()
let writer = null
let watcher = () => {}

/** Store the record that `make()` returns; null from it means that nothing is pending.
 *  @param key identifies the plan within this page; a newer one replaces it
 *  @param mayDelay still being typed: on a good connection it may wait, and is usually dropped before it is written */
export function storePlan(key, make, mayDelay = false) {
  const plan = plans.get(key) ?? { key, since: Date.now() }
  const wasKept = plan.make && plan.kept
  plans.set(key, Object.assign(plan, { make, mayDelay, kept: false }))
  writer?.take(plan)
  if (wasKept) notifyStoreWatcher()
}

/** `key` is stored by the server, or no longer needed. */
export function dropPlan(key) {
  const plan = plans.get(key)
  if (plan?.make) cancelPlan(plan)
}

/** Drop `key` once `other`, which replaces it, is stored in the browser or by the server, so that one of them always
 *  is. */
export function dropPlanAfter(key, other) {
  const old = plans.get(key)
  const plan = plans.get(other)
  if (!old) return
  const make = (old.replaced = old.make)
  const after = () => old.make === make && dropPlan(key)
  if (plan?.make && !plan.kept) plan.after = after
  else after()
}

/** State of a plan: "kept", "keeping" or "unkept"; "kept" for an unknown key. */
export function stateOf(key) {
  const plan = plans.get(key)
  return !plan || plan.kept ? "kept" : plan.failed ? "unkept" : "keeping"
}

/** The plans that are not stored, the oldest first. */
export function unstoredPlans() {
  return [...plans.values()].filter(({ kept }) => !kept)
}

/** `newWriter.take(plan)` stores plans from now on, beginning with all that exist. */
export function setWriter(newWriter) {
  writer = newWriter
  for (const plan of plans.values()) newWriter.take(plan)
}

/** Nothing of this plan is to be stored any more. */
export function cancelPlan(plan) {
  const { failed } = plan
  plan.make = null
  markStored(plan)
  writer?.take(plan)
  if (failed) notifyStoreWatcher()
}

/** The store has the newest version of this plan. */
export function markStored(plan) {
  plan.kept = true
  plan.failed = false
  plan.after?.()
  plan.after = null
}

/** The state of a plan has changed. */
export function notifyStoreWatcher() {
  watcher()
}

/** Call `listener` when the state of a plan has changed. */
export function watchStoring(listener) {
  watcher = listener
}
