// The writer of this page's plans, from the moment this module is loaded: stores them in the account's database, unless
// the computer is shared.

import { connection } from "../connection.js"
import { device } from "./device.js"
import { setWriter, unstoredPlans, stateOf } from "./store-access.js"
import { createPlanWriter } from "./plan-writer.js"
import { pendingChanges } from "./pending-changes.js"

export const storeWriter = createPlanWriter(
  {
    async keep(plan, record) {
      if (device.shared) throw device
      await pendingChanges.keep({ ...describe(plan), ...record })
    },
    drop: ({ key }) => pendingChanges.erase(idOf(key)),
  },
  () => connection.online,
)

/** All records to be sent or refused. With `lost` they are in this page alone. */
export async function listAll() {
  await storeWriter.flush()
  const unstored = unstoredPlans().filter(({ make, replaced }) => make !== replaced)
  const lost = unstored.map((plan) => ({ ...describe(plan), ...plan.make(), lost: true })).filter(({ words }) => words)
  const stored = await pendingChanges.list().catch(() => [])
  return [...stored.filter(({ id }) => !lost.some((record) => record.id === id)), ...lost]
}

/** Plan `key` of this page has replaced a record of a closed page: delete the record once the plan is stored. */
export async function replaceRecord(record, key) {
  await storeWriter.flush()
  if (stateOf(key) === "kept") await pendingChanges.drop(record.id)
}

function describe({ key, since }) {
  const where = { title: document.title.replace(/ · Klimawerk$/, ""), path: location.pathname }
  return { id: idOf(key), page: device.page, since, at: Date.now(), stuck: "", where }
}

function idOf(key) {
  return `${device.page} ${key}`
}

setWriter(storeWriter)
// A page in the background may be discarded without notice.
document.addEventListener("visibilitychange", () => document.hidden && storeWriter.flush())
