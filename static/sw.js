// Reopens visited pages without a network. Pages come from the network first; what never changes, from the cache first.
// Only pages that the server names as fit for it are kept ("X-Keep"), and only those of one person at a time: as soon as
// the server answers somebody else ("X-Reader"), the other's are gone. Nothing that is posted passes through here.

const PAGES = "pages"
const STATIC = "static"
const ABOUT = "about"
const READER = "/reader"
const OFFLINE = "/offline"
// A line that gives no answer in this time is slower than the page is old.
const PATIENCE = 5_000
const MOST_FILES = 300
const GONE = [403, 404, 410]
// Named by their content: they never change.
const FILES = /^\/(static|words)\//

self.addEventListener("install", () => self.skipWaiting())
self.addEventListener("activate", (event) => event.waitUntil(begin()))
self.addEventListener("message", (event) => event.waitUntil(keepAll(event.data.keep)))
self.addEventListener("fetch", (event) => {
  const { request } = event
  const { origin, pathname } = new URL(request.url)
  if (origin !== location.origin) return
  if (request.method === "POST" && pathname === "/logout") event.waitUntil(caches.delete(PAGES))
  if (request.method !== "GET") return
  if (FILES.test(pathname)) event.respondWith(file(request))
  else if (request.mode === "navigate") event.respondWith(page(event))
})

async function begin() {
  const names = await caches.keys()
  await Promise.all(names.filter((name) => ![PAGES, STATIC, ABOUT].includes(name)).map((name) => caches.delete(name)))
  await self.clients.claim()
}

/** What a page has loaded before the worker was there. */
async function keepAll(addresses) {
  for (const address of addresses) {
    const request = new Request(address)
    const { pathname } = new URL(request.url)
    await (FILES.test(pathname) ? file(request) : fresh(request, (work) => work)).catch(() => {})
  }
}

async function page(event) {
  const { request } = event
  const newest = fresh(request, (work) => event.waitUntil(work))
  const kept = await keptPage(request)
  if (!kept) return newest.catch(otherwise)
  const copy = () => asKept(kept)
  const late = new Promise((done) => setTimeout(done, PATIENCE)).then(copy)
  return Promise.race([newest, late]).then((answer) => (answer.status >= 500 ? copy() : answer), copy)
}

/** The server's answer, kept where it may be; `during` is given what goes on after the answer is there. */
async function fresh(request, during) {
  const answer = await fetch(request)
  const reader = answer.headers.get("X-Reader")
  if (reader) await knowReader(reader)
  if (answer.headers.has("X-Keep") && !answer.redirected) during(keep(request.url, answer.clone()))
  else if (GONE.includes(answer.status)) during(caches.open(PAGES).then((pages) => pages.delete(request, { ignoreSearch: true })))
  return answer.headers.get("Content-Type")?.startsWith("text/html") ? ending(answer) : answer
}

/** A page that breaks off just ends: one that fails half-way would stay in loading, one that ends helps itself. Files do
 *  fail: half a file must not look like a whole one. */
function ending(answer) {
  if (!answer.body) return answer
  const source = answer.body.getReader()
  const body = new ReadableStream({
    pull: (target) =>
      source.read().then(
        ({ done, value }) => (done ? target.close() : target.enqueue(value)),
        () => target.close()
      ),
    cancel: () => source.cancel(),
  })
  return new Response(body, { status: answer.status, headers: plain(answer) })
}

/** The headers, but for those about how it came. */
function plain(answer) {
  const headers = new Headers(answer.headers)
  for (const name of ["Content-Encoding", "Content-Length", "Set-Cookie", "Vary"]) headers.delete(name)
  return headers
}

async function knowReader(reader) {
  const about = await caches.open(ABOUT)
  const before = await (await about.match(READER))?.text()
  if (before === reader) return
  await caches.delete(PAGES)
  await about.put(READER, new Response(reader))
}

async function keep(address, answer) {
  const headers = plain(answer)
  headers.set("X-Kept", new Date().toISOString())
  const body = await answer.text()
  const pages = await caches.open(PAGES)
  await pages.put(address, new Response(body, { headers }))
}

async function keptPage(request) {
  const pages = await caches.open(PAGES)
  return (await pages.match(request)) ?? (await pages.match(request, { ignoreSearch: true }))
}

/** The page says itself of when it is. */
async function asKept(kept) {
  const html = (await kept.clone().text()).replace("<html ", `<html data-kept="${kept.headers.get("X-Kept")}" `)
  return new Response(html, { headers: kept.headers })
}

async function otherwise() {
  const pages = await caches.open(PAGES)
  return (await pages.match(OFFLINE)) ?? Response.error()
}

async function file(request) {
  const files = await caches.open(STATIC)
  const kept = await files.match(request, { ignoreVary: true })
  if (kept?.headers.get("Cache-Control")?.includes("immutable")) return kept
  try {
    const answer = await fetch(request)
    if (answer.status === 200) await files.put(request, answer.clone()).then(() => trim(files))
    return answer
  } catch {
    return kept ?? Response.error()
  }
}

/** Files of long ago go first. */
async function trim(files) {
  const all = await files.keys()
  if (all.length > MOST_FILES) await Promise.all(all.slice(0, MOST_FILES / 3).map((request) => files.delete(request)))
}
