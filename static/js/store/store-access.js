// What this page owes to the browser's own store, by key. Something is kept only when the store says that it has it: from
// `keep` until then it is "keeping", or "unkept" where that failed, and the page asks before it is left.
//
// A plan: {key, make, since, calm, kept, failed, after, gone}. `make` is null once nothing is to be kept any more; what is
// `gone` stands in another plan too.

export const plans = new Map()
let keeper = null
let watcher = () => {}

/** Keep what `make()` describes; null from it means that nothing waits.
 *  @param key names it within this page; a newer one replaces it
 *  @param calm it is still being typed: on a good line it may wait for company, and is mostly dropped before */
export function storePlan(key, make, calm = false) {
  const plan = plans.get(key) ?? { key, since: Date.now() }
  const told = plan.make && plan.kept
  plans.set(key, Object.assign(plan, { make, calm, kept: false }))
  keeper?.take(plan)
  if (told) notifyStoreWatcher()
}

/** `key` is on the server, or is no longer wanted. */
export function dropPlan(key) {
  const plan = plans.get(key)
  if (plan?.make) cancelPlan(plan)
}

/** `key` goes once `other`, which takes its place, is kept or on the server: at no moment is neither. */
export function dropPlanAfter(key, other) {
  const old = plans.get(key)
  const plan = plans.get(other)
  if (!old) return
  const make = (old.gone = old.make)
  const after = () => old.make === make && dropPlan(key)
  if (plan?.make && !plan.kept) plan.after = after
  else after()
}

/** "kept", "keeping" or "unkept"; what nobody asked to keep is owed to nobody. */
export function stateOf(key) {
  const plan = plans.get(key)
  return !plan || plan.kept ? "kept" : plan.failed ? "unkept" : "keeping"
}

/** The plans that are not kept, the oldest first. */
export function unstoredPlans() {
  return [...plans.values()].filter(({ kept }) => !kept)
}

/** `one.take(plan)` sees from now on to what is kept, beginning with all that is owed. */
export function setWriter(one) {
  keeper = one
  for (const plan of plans.values()) one.take(plan)
}

/** Nothing of this plan is to be kept any more. */
export function cancelPlan(plan) {
  const { failed } = plan
  plan.make = null
  markStored(plan)
  keeper?.take(plan)
  if (failed) notifyStoreWatcher()
}

/** The store has this plan as it is now. */
export function markStored(plan) {
  plan.kept = true
  plan.failed = false
  plan.after?.()
  plan.after = null
}

export function notifyStoreWatcher() {
  watcher()
}

/** Call `hear` whenever the state of a plan has changed. */
export function watchStoring(hear) {
  watcher = hear
}
