// What waits in this browser to reach the server, or could not: one record per field, row change or text.
//
// {id, page, kind: "post" or "text", since, at, where: {title, path}, words: [{label, text}], stuck: "" or why not, ...}
// `closed`: it is stuck because of a lock; its field takes it over wherever it is, so that it may belong to no page.
// post: {url, body, lane, element, gen}; text: {doc, gen, update, fragments}. `page` is the page that looks after it.
// A "draft" is a post that its writer has not sent: nothing tells of it, and it goes on in the form it was written in.

import { change, destroy, read } from "./database.js"
import { device } from "./device.js"

// Where the browser cannot tell which pages are open, one that has not written for so long counts as gone.
const SILENT = 15_000

const watchers = new Set()
const channel = new BroadcastChannel(device.owner)
let hold = null

export const pendingChanges = {
  async keep(record) {
    await alive()
    await change("waiting", (store) => store.put(record))
    tell()
  },

  drop(...ids) {
    return this.erase(...ids).catch(() => {}) // sent twice does no harm
  },

  async erase(...ids) {
    await alive() // as for keeping: what is dropped at once is not kept a moment later
    await change("waiting", (store) => ids.forEach((id) => store.delete(id)))
    tell()
  },

  /** Everything that is to be sent, or cannot be; the oldest first. With `kind`, what is of that kind alone. */
  async list(kind) {
    const found = (await everything()).filter((record) => (kind ? record.kind === kind : record.kind !== "draft"))
    return found.sort((a, b) => a.since - b.since)
  },

  /** What of it pages that are gone have left behind and can still be sent, the oldest first; or what else is `wanted`. */
  async leftBehind(kind, wanted = ({ stuck }) => !stuck) {
    const open = await openPages()
    const isLeft = ({ page, at }) => page !== device.page && (open ? !open.has(page) : Date.now() - at > SILENT)
    return (await this.list(kind)).filter((record) => wanted(record) && isLeft(record))
  },

  /** Take over what a page has left behind; false when another page was faster. */
  async claim({ id, page }) {
    await alive()
    let mine = false
    await change("waiting", (store) => {
      const request = store.get(id)
      request.onsuccess = () => {
        mine = request.result?.page === page
        if (mine) store.put({ ...request.result, page: device.page })
      }
    })
    if (mine) tell()
    return mine
  },

  /** It can no longer be sent: it stays to be read and copied. */
  async stick(record, reason, closed = false) {
    const page = closed ? "" : device.page
    await change("waiting", (store) => store.put({ ...record, page, stuck: reason, closed, update: null }))
    tell()
  },

  /** Call `watcher(what)` whenever something was kept or dropped, in whatever page; "forget" when what was only read goes. */
  watch(watcher) {
    watchers.add(watcher)
  },

  /** Forget what was only read. What waits stays, to be sent when its writer is back. */
  async forgetRead() {
    if (!device.shared) tell("forget")
    if ((await everything()).length) await change("bases", (store) => store.clear())
    else await destroy()
  },
}

/** How many texts and values. */
export function countTexts(records) {
  return records.reduce((sum, { words }) => sum + words.length, 0)
}

async function everything() {
  return (await read("waiting", (store) => store.getAll())) ?? []
}

channel.onmessage = hear
window.addEventListener("pagehide", () => channel.postMessage("gone"))

function hear({ data }) {
  watchers.forEach((watcher) => watcher(data))
}

function tell(data = "changed") {
  hear({ data })
  channel.postMessage(data)
}

/** While this page lives it holds a lock of its own name, so that no other page takes over what it looks after. */
function alive() {
  hold ??= new Promise((held) => {
    if (!navigator.locks) return held()
    navigator.locks.request(`${device.owner} ${device.page}`, () => (held(), new Promise(() => {})))
  })
  return hold
}

async function openPages() {
  if (!navigator.locks) return null
  const { held } = await navigator.locks.query()
  return new Set(held.map(({ name }) => name.slice(device.owner.length + 1)))
}
