// IndexedDB with promises, for the one store of this page's person.

import { device } from "./device.js"

const KEYS = { waiting: "id", bases: "doc" }

let opening = null

export const read = (store, work) => run(store, "readonly", work)
export const change = (store, work) => run(store, "readwrite", work)

/** Delete the whole store. Nothing is kept any more in this page. */
export async function destroy() {
  const database = await opening?.catch(() => null)
  database?.close()
  opening = null
  await done(indexedDB.deleteDatabase(device.owner))
}

/** Run `work(objectStore)` in a transaction; resolves, when it is complete, with what the request it returns found,
 *  and rejects where nothing can be kept. Nothing happens in a browser that keeps nothing. */
async function run(store, mode, work) {
  if (device.shared && !opening && !(await exists())) return undefined
  const transaction = await begin(store, mode).catch(() => begin(store, mode))
  const request = work(transaction.objectStore(store))
  await new Promise((resolve, reject) => {
    transaction.oncomplete = resolve
    transaction.onabort = () => reject(transaction.error)
  })
  return request?.result
}

/** A database that was closed behind this page's back (cleared, deleted) is opened anew the next time. What is complete
 *  is on the disk, and not merely on its way there. */
async function begin(store, mode) {
  try {
    return (await (opening ??= open())).transaction(store, mode, { durability: "strict" })
  } catch (error) {
    opening = null
    throw error
  }
}

/** On a computer that others use too no store is begun; one from before is still emptied. */
async function exists() {
  return ((await indexedDB.databases?.()) ?? []).some(({ name }) => name === device.owner)
}

function open() {
  const request = indexedDB.open(device.owner, 1)
  request.onupgradeneeded = () => {
    for (const [name, keyPath] of Object.entries(KEYS)) request.result.createObjectStore(name, { keyPath })
  }
  return done(request).then((database) => {
    // Another page clears the store, or a newer version of it opens it.
    database.onversionchange = () => {
      database.close()
      opening = null
    }
    return database
  })
}

function done(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })
}
