// This page's keeper, from the moment that this module is here: what the page owes goes into the person's store in this
// browser, unless others use the computer too.

import { connection } from "../connection.js"
import { device } from "./device.js"
import { setWriter, unstoredPlans, stateOf } from "./store-access.js"
import { createPlanWriter } from "./plan-writer.js"
import { pendingChanges } from "./pending-changes.js"

export const storeWriter = createPlanWriter(
  {
    async keep(plan, record) {
      if (device.shared) throw device
      await pendingChanges.keep({ ...about(plan), ...record })
    },
    drop: ({ key }) => pendingChanges.erase(nameOf(key)),
  },
  () => connection.online,
)

/** Everything that is to be sent, or cannot be. With `lost`, it is in this page alone. */
export async function all() {
  await storeWriter.flush()
  const own = unstoredPlans().filter(({ make, gone }) => make !== gone)
  const lost = own.map((plan) => ({ ...about(plan), ...plan.make(), lost: true })).filter(({ words }) => words)
  const there = await pendingChanges.list().catch(() => [])
  return [...there.filter(({ id }) => !lost.some((one) => one.id === id)), ...lost]
}

/** `key` of this page has taken the place of a record that another page has left. */
export async function replaceRecord(record, key) {
  await storeWriter.flush()
  if (stateOf(key) === "kept") await pendingChanges.drop(record.id)
}

function about({ key, since }) {
  const where = { title: document.title.replace(/ · Klimawerk$/, ""), path: location.pathname }
  return { id: nameOf(key), page: device.page, since, at: Date.now(), stuck: "", where }
}

function nameOf(key) {
  return `${device.page} ${key}`
}

setWriter(storeWriter)
// A page in the background may be thrown away without a word.
document.addEventListener("visibilitychange", () => document.hidden && storeWriter.flush())
