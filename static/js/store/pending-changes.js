// Pending changes in this browser's store: unsent or refused; one record per field, row change or text.
//
// {id, page, kind: "post" or "text", since, at, where: {title, path}, words: [{label, text}], stuck: "" or the reason
// of a refusal, ...}
// `closed`: refused by a lock; the field takes it over on any page, so it may belong to no page.
// post: {url, body, lane, element, gen}; text: {doc, gen, update, fragments}. `page` is the page responsible for it.
// A "draft" is a post that the user has not sent: no status shows it, and it returns to the form it was written in.

import { change, destroy, read } from "./database.js"
import { device } from "./device.js"

// ms after which a page that has not written counts as closed, where the browser has no Web Locks.
const SILENCE = 15_000

const watchers = new Set()
const channel = new BroadcastChannel(device.owner)
let lock = null

export const pendingChanges = {
  async keep(record) {
    await holdLock()
    await change("waiting", (store) => store.put(record))
    broadcast()
  },

  drop(...ids) {
    return this.erase(...ids).catch(() => {}) // sending it twice does no harm
  },

  async erase(...ids) {
    await holdLock() // in the order of calls: what is erased must not be stored later
    await change("waiting", (store) => ids.forEach((id) => store.delete(id)))
    broadcast()
  },

  /** The records to be sent or refused, the oldest first; with `kind`, only those of that kind. */
  async list(kind) {
    const records = (await readAll()).filter((record) => (kind ? record.kind === kind : record.kind !== "draft"))
    return records.sort((a, b) => a.since - b.since)
  },

  /** Those of closed pages that can still be sent, the oldest first; or those that match `wanted`. */
  async leftBehind(kind, matches = ({ stuck }) => !stuck) {
    const open = await openPages()
    const isLeft = ({ page, at }) => page !== device.page && (open ? !open.has(page) : Date.now() - at > SILENCE)
    return (await this.list(kind)).filter((record) => matches(record) && isLeft(record))
  },

  /** Take over a record of a closed page; false if another page was faster. */
  async claim({ id, page }) {
    await holdLock()
    let mine = false
    await change("waiting", (store) => {
      const request = store.get(id)
      request.onsuccess = () => {
        mine = request.result?.page === page
        if (mine) store.put({ ...request.result, page: device.page })
      }
    })
    if (mine) broadcast()
    return mine
  },

  /** Mark as not sendable: it stays to be read and copied. */
  async stick(record, reason, closed = false) {
    const page = closed ? "" : device.page
    await change("waiting", (store) => store.put({ ...record, page, stuck: reason, closed, update: null }))
    broadcast()
  },

  /** Call `watcher(what)` when a record was stored or deleted by any page ("changed", "gone": a page closed), and when
   *  the user signs out ("forget"). */
  watch(watcher) {
    watchers.add(watcher)
  },

  /** Delete what was stored for reading only. Unsent changes stay until the user signs in again. */
  async forgetRead() {
    if (!device.shared) broadcast("forget")
    if ((await readAll()).length) await change("bases", (store) => store.clear())
    else await destroy()
  },
}

/** Number of texts and values. */
export function countTexts(records) {
  return records.reduce((sum, { words }) => sum + words.length, 0)
}

async function readAll() {
  return (await read("waiting", (store) => store.getAll())) ?? []
}

channel.onmessage = notify
window.addEventListener("pagehide", () => channel.postMessage("gone"))

function notify({ data }) {
  watchers.forEach((watcher) => watcher(data))
}

function broadcast(data = "changed") {
  notify({ data })
  channel.postMessage(data)
}

/** Hold a Web Lock named after this page while it is open, so that no other page takes over its records. */
function holdLock() {
  lock ??= new Promise((granted) => {
    if (!navigator.locks) return granted()
    navigator.locks.request(`${device.owner} ${device.page}`, () => (granted(), new Promise(() => {})))
  })
  return lock
}

async function openPages() {
  if (!navigator.locks) return null
  const { held } = await navigator.locks.query()
  return new Set(held.map(({ name }) => name.slice(device.owner.length + 1)))
}
