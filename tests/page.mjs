// A browser page for tests of modules: happy-dom with a fake socket, server and store, controlled by the test. Modules
// and htmx are the real ones, and every page has its own instances.
//
// const page = open(`<p id="a"></p>`); const { swap } = await page.load("swap.js")

import { createRequire, registerHooks } from "node:module"
import { mock } from "node:test"

const { Window } = createRequire(import.meta.url)("./vendor/happy-dom.cjs")
const STATIC = new URL("../static/", import.meta.url).href
const LIBRARIES = `${STATIC}vendor/klimawerk-page.htmx-4.0.1.socket.io-4.8.4.js`
const DATABASE = `${STATIC}js/store/database.js`
const OWN = ["Event", "EventTarget", "CustomEvent", "FormData", "BroadcastChannel", "localStorage", "sessionStorage"]
const START = Date.UTC(2026, 10, 30, 8)

let number = 0
let current = null
globalThis.standIn = { socket: (options) => current.socket.made(options), database: { read, change: read, destroy } }

registerHooks({
  // Modules imported by a module of one page are instances of that page too.
  resolve(specifier, context, next) {
    const found = next(specifier, context)
    const [, page] = context.parentURL?.match(/\?(page=\d+)$/) ?? []
    if (page && found.url.startsWith(STATIC) && !/yjs/.test(found.url)) found.url += `?${page}`
    return found
  },
  load(url, context, next) {
    const [address, page] = url.split("?")
    const source = { format: "module", shortCircuit: true }
    if (address === DATABASE && page) return { ...source, source: "export const { read, change, destroy } = standIn.database" }
    if (address !== LIBRARIES || !page?.startsWith("page")) return next(url, context)
    return { ...source, source: `export { htmx } from "${address}?htmx=${page}"\nexport const io = (options) => standIn.socket(options)` }
  },
})

/** A page with `body`, its own modules and a stopped clock.
 *  @param data of the root element; `disk`, `locks`: shared by pages of one browser */
export function open(body = "", { url = "https://klimawerk.example/items/7", data = {}, words = {}, disk, locks } = {}) {
  const window = new Window({ url })
  const page = {
    window,
    document: window.document,
    socket: new Socket(),
    requests: [],
    reloads: 0,
    disk: disk ?? { waiting: new Map(), bases: new Map(), broken: false },
    channel: { posted: [], onmessage: null },
    load: (path) => import(`${STATIC}js/${path}?page=${page.number}`),
    /** The response when load.js fetches a module before importing it. */
    file: () => new Response(),
    hide: (hidden) => {
      Object.defineProperty(window.document, "hidden", { configurable: true, get: () => hidden })
      window.document.dispatchEvent(new window.Event("visibilitychange"))
    },
    number: ++number,
    /** The open request, or the one to `path`. Its `answer(status, html, headers)` leaves out headers that are null; the
     *  account (X-Person) is signed in unless they say otherwise. */
    request: (path = "") => page.requests.find(({ open, url }) => open && url.startsWith(path)),
  }
  current = page
  clock()
  globals(window, page, locks ?? new Set())
  Object.assign(window.document.documentElement.dataset, { userId: "3", installation: "one", gen: "1", ...data })
  window.document.documentElement.lang = "en"
  window.document.head.innerHTML = `<meta name="csrf-token" content="token">`
  window.document.body.innerHTML = `<script type="application/json" id="words">${JSON.stringify(words)}</script>${body}`
  return page
}

/** Run everything that waits neither for the clock nor for the server. */
export async function settled() {
  for (let i = 0; i < 12; i++) await new Promise((done) => setImmediate(done))
}

/** Advance the clock by `ms`, in steps between which promises run. */
export async function pass(ms) {
  await settled()
  for (let left = ms; left > 0; left -= 100) {
    mock.timers.tick(Math.min(100, left))
    await new Promise((done) => setImmediate(done))
  }
  await settled()
}

export const at = () => Date.now() - START

function clock() {
  mock.timers.reset()
  mock.timers.enable({ apis: ["setTimeout", "setInterval", "Date"], now: START })
  // Node's stopped clock sorts a timer without a delay wrongly among others.
  const { setTimeout } = globalThis
  globalThis.setTimeout = (work, delay = 0, ...more) => setTimeout(work, delay, ...more)
  Object.defineProperty(performance, "now", { configurable: true, writable: true, value: at })
  Math.random = () => 0.5
}

function globals(window, page, held) {
  for (const name of names(window)) {
    if (name in globalThis && !OWN.includes(name) && !globals.given.has(name)) continue
    globals.given.add(name)
    const value = window[name]
    define(name, typeof value === "function" && /^[a-z]/.test(name) ? value.bind(window) : value)
  }
  define("window", window)
  const { navigator } = window
  Object.defineProperty(navigator, "locks", { configurable: true, value: locksOf(held) })
  define("navigator", navigator)
  define("XPathEvaluator", class { createExpression = () => ({ evaluate: () => ({ iterateNext: () => null }) }) })
  define("BroadcastChannel", class {
    constructor() {
      page.channel = this
    }
    posted = []
    postMessage = (data) => this.posted.push(data)
  })
  window.requestIdleCallback = (work) => queueMicrotask(work)
  define("requestIdleCallback", window.requestIdleCallback)
  window.Element.prototype.scrollIntoView ??= () => {}
  window.Element.prototype.checkVisibility ??= function () {
    return !this.closest("[hidden], details:not([open])")
  }
  const selected = { configurable: true, get() { return this.hasAttribute("selected") } }
  Object.defineProperty(window.HTMLOptionElement.prototype, "defaultSelected", selected)
  Object.defineProperty(window.location, "reload", { configurable: true, value: () => page.reloads++ })
  define("fetch", (url, options = {}) => new Promise((resolve, reject) => {
    if (String(url).startsWith(STATIC)) return resolve(page.file(url))
    const { pathname, search } = new URL(url, window.location.href)
    const request = { url: pathname + search, ...options, open: true }
    const done = (work) => async (...all) => ((request.open = false), work(...all), await settled())
    request.answer = done((status, html = "", headers = {}, more = {}) => {
      const all = Object.entries({ "X-Person": "3", ...headers }).filter(([, value]) => value !== null)
      const answer = new Response(status === 204 ? null : html, { status, headers: all })
      for (const [name, value] of Object.entries(more)) Object.defineProperty(answer, name, { value })
      resolve(answer)
    })
    request.fail = done(() => reject(new TypeError("no network")))
    page.requests.push(request)
  }))
  window.fetch = globalThis.fetch // no real network, not even through the DOM's own functions
  for (const name of ["XMLHttpRequest", "WebSocket"]) delete window[name]
}
globals.given = new Set()

function define(name, value) {
  Object.defineProperty(globalThis, name, { configurable: true, writable: true, value })
}

function names(object) {
  const all = new Set()
  for (let one = object; one && one !== Object.prototype; one = Object.getPrototypeOf(one)) {
    for (const name of Object.getOwnPropertyNames(one)) if (/^[a-zA-Z]/.test(name) && name !== "constructor") all.add(name)
  }
  return all
}

/** Fake of Socket.IO's client as connection.js uses it. Messages are in `sent`, with `answer`. */
class Socket {
  sent = []
  connected = false
  active = true
  connects = 0
  io = { opts: { transports: ["websocket", "polling"] }, on() {} }
  #handlers = new Map()

  made(options) {
    return Object.assign(this, { options })
  }
  on(event, receive) {
    this.#handlers.set(event, (this.#handlers.get(event) ?? new Set()).add(receive))
  }
  off(event, receive) {
    this.#handlers.get(event)?.delete(receive)
  }
  connect() {
    this.connects++
    return this
  }
  disconnect() {
    this.connected = false
    return this
  }
  emit(event, payload) {
    this.sent.push({ event, payload })
  }
  timeout(patience) {
    return {
      emitWithAck: (event, payload) => new Promise((answer, fail) => this.sent.push({ event, payload, patience, answer, fail })),
    }
  }

  async receive(event, ...all) {
    for (const receive of this.#handlers.get(event) ?? []) receive(...all)
    await settled()
  }
  online(id = "page-1") {
    Object.assign(this, { id, connected: true })
    return this.receive("connect")
  }
  offline(reason = "transport close") {
    Object.assign(this, { id: undefined, connected: false })
    return this.receive("disconnect", reason)
  }
  /** The payloads sent with `event`. */
  all(event) {
    return this.sent.filter((one) => one.event === event).map(({ payload }) => payload)
  }
}

/** Web Locks shared by pages: the names of held locks are in `held`. */
function locksOf(held) {
  return {
    request: async (name, work) => (held.add(name), work()),
    query: async () => ({ held: [...held].map((name) => ({ name })) }),
  }
}

/** An IndexedDB object store, on the disk of the current page. */
async function read(name, work) {
  const { disk } = current
  if (disk.broken) throw new Error("full")
  const all = disk[name]
  const key = name === "waiting" ? "id" : "doc"
  const asked = (result) => {
    const request = { result }
    queueMicrotask(() => request.onsuccess?.())
    return request
  }
  const request = work({
    get: (id) => asked(all.get(id)),
    getAll: () => asked([...all.values()]),
    put: (record) => asked(all.set(record[key], structuredClone(record))),
    delete: (id) => asked(all.delete(id)),
    clear: () => asked(all.clear()),
  })
  await null
  await null
  return request?.result
}

async function destroy() {
  for (const all of [current.disk.waiting, current.disk.bases]) all.clear()
  current.disk.destroyed = true
}
