// This page's keeper, from the moment that this module is here: what the page owes goes into the person's store in this
// browser, unless others use the computer too.

import { connection } from "../connection.js"
import { device } from "./device.js"
import { keepBy, owed, stateOf } from "./store-access.js"
import { keeping } from "./plan-writer.js"
import { waiting } from "./pending-changes.js"

export const keeper = keeping(
  {
    async keep(plan, record) {
      if (device.shared) throw device
      await waiting.keep({ ...about(plan), ...record })
    },
    drop: ({ key }) => waiting.erase(nameOf(key)),
  },
  () => connection.online,
)

/** Everything that is to be sent, or cannot be. With `lost`, it is in this page alone. */
export async function all() {
  await keeper.flush()
  const own = owed().filter(({ make, gone }) => make !== gone)
  const lost = own.map((plan) => ({ ...about(plan), ...plan.make(), lost: true })).filter(({ words }) => words)
  const there = await waiting.list().catch(() => [])
  return [...there.filter(({ id }) => !lost.some((one) => one.id === id)), ...lost]
}

/** `key` of this page has taken the place of a record that another page has left. */
export async function instead(record, key) {
  await keeper.flush()
  if (stateOf(key) === "kept") await waiting.drop(record.id)
}

function about({ key, since }) {
  const where = { title: document.title.replace(/ · Klimawerk$/, ""), path: location.pathname }
  return { id: nameOf(key), page: device.page, since, at: Date.now(), stuck: "", where }
}

function nameOf(key) {
  return `${device.page} ${key}`
}

keepBy(keeper)
// A page in the background may be thrown away without a word.
document.addEventListener("visibilitychange", () => document.hidden && keeper.flush())
