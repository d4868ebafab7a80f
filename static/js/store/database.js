// IndexedDB with promises: the database of this installation and account.

import { device } from "./device.js"

const KEYS = { waiting: "id", bases: "doc" }

let opening = null

/** Transactions that read or change one object store, "waiting" or "bases"; see run. */
export const read = (store, work) => run(store, "readonly", work)
export const change = (store, work) => run(store, "readwrite", work)

/** Delete the database. */
export async function destroy() {
  const database = await opening?.catch(() => null)
  database?.close()
  opening = null
  await promiseOf(indexedDB.deleteDatabase(device.owner))
}

/** Run `work(objectStore)` in a transaction; resolves with the result of the request it returns when the transaction is
 *  complete, and rejects if it fails. On a shared computer nothing is written (resolves with undefined). */
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

/** Start a transaction; a database that was closed from outside (cleared, deleted) is opened again by the next call.
 *  Durability "strict": complete means written to disk. */
async function begin(store, mode) {
  try {
    return (await (opening ??= open())).transaction(store, mode, { durability: "strict" })
  } catch (error) {
    opening = null
    throw error
  }
}

/** On a shared computer no database is created; an existing one is still used, to be emptied. */
async function exists() {
  return ((await indexedDB.databases?.()) ?? []).some(({ name }) => name === device.owner)
}

function open() {
  const request = indexedDB.open(device.owner, 1)
  request.onupgradeneeded = () => {
    for (const [name, keyPath] of Object.entries(KEYS)) request.result.createObjectStore(name, { keyPath })
  }
  return promiseOf(request).then((database) => {
    // Another page deletes the database or opens a newer version.
    database.onversionchange = () => {
      database.close()
      opening = null
    }
    return database
  })
}

function promiseOf(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })
}
