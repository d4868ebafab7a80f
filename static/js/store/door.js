// The way to the browser's own store. What waits longer than a moment is kept; the rest of the store is loaded then.

import { laterWords } from "../words.js"
import { device } from "./device.js"

// A good line answers sooner, and then nothing is written at all.
const SOON = 250

const planned = new Map()
const written = new Map()
let loading = null

/** Keep what `make()` describes, unless it is dropped in a moment; null from `make` means that nothing waits.
 *  @param key names it within this page; a newer one replaces it */
export function keep(key, make) {
  const plan = planned.get(key)
  if (plan) plan.make = make
  else planned.set(key, { make, since: Date.now(), timer: setTimeout(() => write(key), SOON) })
}

/** `key` is on the server, or is no longer wanted. */
export function drop(key) {
  clearTimeout(planned.get(key)?.timer)
  planned.delete(key)
  if (!written.delete(key)) return
  store().then(({ waiting }) => waiting.drop(nameOf(key)), () => {})
}

/** `key` goes once `other`, which takes its place, is kept: at no moment is neither. */
export function dropAfter(key, other) {
  const kept = written.has(key) && planned.has(other) ? write(other) : Promise.resolve()
  kept.then(() => drop(key))
}

/** Write what is planned at once; resolves when it is kept. */
export function flush() {
  return Promise.all([...planned.keys()].map(write))
}

/** A page in the background may be thrown away without a word. */
export function startKeeping() {
  document.addEventListener("visibilitychange", () => document.hidden && flush())
  window.addEventListener("pagehide", flush)
}

async function write(key) {
  const { make, since, timer } = planned.get(key)
  clearTimeout(timer)
  planned.delete(key)
  const record = make()
  if (!record) return drop(key)
  if (device.shared) return
  if (!written.has(key)) written.set(key, since)
  const { waiting } = await store().catch(() => ({}))
  const own = { id: nameOf(key), page: device.page, since: written.get(key), at: Date.now(), stuck: "" }
  // It may have been dropped while the store was being loaded.
  if (waiting && written.has(key)) await waiting.keep({ ...own, where: here(), ...record }).catch(() => {}) // full
}

function nameOf(key) {
  return `${device.page} ${key}`
}

function here() {
  return { title: document.title.replace(/ · Klimawerk$/, ""), path: location.pathname }
}

function store() {
  return (loading ??= loaded().catch((error) => {
    loading = null
    throw error
  }))
}

async function loaded() {
  const [module] = await Promise.all([import("./waiting.js"), laterWords()])
  return module
}
