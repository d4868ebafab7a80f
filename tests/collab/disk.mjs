// In-memory replacement of IndexedDB for store/database.js: a database with the stores `disk.waiting` and `disk.bases`.

const KEYS = { waiting: "id", bases: "doc" }

export const disk = { waiting: new Map(), bases: new Map(), full: false }

globalThis.indexedDB = {
  open: () => request({ transaction }),
  deleteDatabase: () => (clearDisk(), request()),
}

export function clearDisk() {
  disk.waiting.clear()
  disk.bases.clear()
  disk.full = false
}

function request(result) {
  const made = { result }
  queueMicrotask(() => made.onsuccess?.())
  return made
}

function transaction(name) {
  const table = disk[name]
  const done = {
    set oncomplete(hear) {
      if (!disk.full) queueMicrotask(hear)
    },
    set onabort(hear) {
      if (disk.full) queueMicrotask(hear)
    },
  }
  const store = {
    get: (key) => request(table.get(key)),
    getAll: () => request([...table.values()]),
    put: (record) => disk.full || table.set(record[KEYS[name]], structuredClone(record)),
    delete: (key) => table.delete(key),
    clear: () => table.clear(),
  }
  return Object.assign(done, { objectStore: () => store })
}
