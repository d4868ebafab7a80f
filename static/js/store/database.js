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

/** Run `work(objectStore)` in a transaction; resolves, when it is complete, with what the request it returns found.
 *  Nothing happens in a browser that keeps nothing. */
async function run(store, mode, work) {
  if (device.shared && !opening && !(await exists())) return undefined
  const database = await (opening ??= open().catch(() => null))
  if (!database) return undefined
  const transaction = database.transaction(store, mode)
  const request = work(transaction.objectStore(store))
  await new Promise((resolve, reject) => {
    transaction.oncomplete = resolve
    transaction.onabort = transaction.onerror = () => reject(transaction.error)
  })
  return request?.result
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
