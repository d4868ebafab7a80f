// Service worker: opens visited pages offline. Pages and the forms of their sheet come from the network first; files with
// a hash in their address from the cache first. Only pages marked by the server (X-Keep) are cached, and only those of
// one account at a time: as soon as the server answers for another one (X-Reader), they are deleted. POST requests do not
// pass through it.

const PAGES = "pages"
const STATIC = "static"
const ABOUT = "about"
const READER = "/reader"
const OFFLINE = "/offline"
// ms to wait for the network before the cached page is shown.
const TIMEOUT = 5_000
const MOST_FILES = 300
const GONE = [403, 404, 410]
// Immutable: their addresses contain a hash of their content.
const FILES = /^\/(static|words)\//
// The forms of all fields and rows of a page's sheet.
const FORMS = /^\/items\/\d+\/forms$/

self.addEventListener("install", () => self.skipWaiting())
self.addEventListener("activate", (event) => event.waitUntil(activate()))
self.addEventListener("message", (event) => event.waitUntil(cacheAll(event.data.keep)))
self.addEventListener("fetch", (event) => {
  const { request } = event
  const { origin, pathname } = new URL(request.url)
  if (origin !== location.origin) return
  if (request.method === "POST" && pathname === "/logout") event.waitUntil(caches.delete(PAGES))
  if (request.method !== "GET") return
  if (FILES.test(pathname)) event.respondWith(cachedFile(request))
  else if (request.mode === "navigate") event.respondWith(page(event, offlinePage))
  else if (FORMS.test(pathname)) event.respondWith(page(event, () => Response.error()))
})

async function activate() {
  const names = await caches.keys()
  await Promise.all(names.filter((name) => ![PAGES, STATIC, ABOUT].includes(name)).map((name) => caches.delete(name)))
  await self.clients.claim()
}

/** Cache what a page loaded before the worker was active. */
async function cacheAll(addresses) {
  for (const address of addresses) {
    const request = new Request(address)
    const { pathname } = new URL(request.url)
    await (FILES.test(pathname) ? cachedFile(request) : fromNetwork(request, (work) => work)).catch(() => {})
  }
}

/** @param absent makes the response when there is neither network nor copy */
async function page(event, absent) {
  const { request } = event
  const newest = fromNetwork(request, (work) => event.waitUntil(work))
  const cached = await cachedPage(request)
  if (!cached) return newest.catch(absent)
  const copy = () => withDate(cached)
  const timedOut = new Promise((done) => setTimeout(done, TIMEOUT)).then(copy)
  return Promise.race([newest, timedOut]).then((answer) => (answer.status >= 500 ? copy() : answer), copy)
}

/** The server's response, cached if it may be; `during` receives what goes on after the response. */
async function fromNetwork(request, waitUntil) {
  const answer = await fetch(request)
  const reader = answer.headers.get("X-Reader")
  if (reader) await setReader(reader)
  if (answer.headers.has("X-Keep") && !answer.redirected) waitUntil(cachePage(request.url, answer.clone()))
  else if (GONE.includes(answer.status)) waitUntil(caches.open(PAGES).then((pages) => pages.delete(request, { ignoreSearch: true })))
  const isPage = request.mode === "navigate" && answer.headers.get("Content-Type")?.startsWith("text/html")
  return isPage ? endNormally(answer) : answer
}

/** A page whose transfer is cut off ends normally: readyState would stay "loading" after an error, while a page that
 *  ends retries by itself (retry-load.js). Files and forms do fail: half of them must not look complete. */
function endNormally(answer) {
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
  return new Response(body, { status: answer.status, headers: withoutTransferHeaders(answer) })
}

/** Headers without those about the transfer. */
function withoutTransferHeaders(answer) {
  const headers = new Headers(answer.headers)
  for (const name of ["Content-Encoding", "Content-Length", "Set-Cookie", "Vary"]) headers.delete(name)
  return headers
}

async function setReader(reader) {
  const about = await caches.open(ABOUT)
  const before = await (await about.match(READER))?.text()
  if (before === reader) return
  await caches.delete(PAGES)
  await about.put(READER, new Response(reader))
}

async function cachePage(address, answer) {
  const headers = withoutTransferHeaders(answer)
  headers.set("X-Kept", new Date().toISOString())
  const body = await answer.text()
  const pages = await caches.open(PAGES)
  await pages.put(address, new Response(body, { headers }))
}

async function cachedPage(request) {
  const pages = await caches.open(PAGES)
  return (await pages.match(request)) ?? (await pages.match(request, { ignoreSearch: true }))
}

/** Add the date of the copy as an attribute of <html>. */
async function withDate(cached) {
  const html = (await cached.clone().text()).replace("<html ", `<html data-kept="${cached.headers.get("X-Kept")}" `)
  return new Response(html, { headers: cached.headers })
}

async function offlinePage() {
  const pages = await caches.open(PAGES)
  return (await pages.match(OFFLINE)) ?? Response.error()
}

async function cachedFile(request) {
  const files = await caches.open(STATIC)
  const cached = await files.match(request, { ignoreVary: true })
  if (cached?.headers.get("Cache-Control")?.includes("immutable")) return cached
  try {
    const answer = await fetch(request)
    if (answer.status === 200) await files.put(request, answer.clone()).then(() => trim(files))
    return answer
  } catch {
    return cached ?? Response.error()
  }
}

/** Delete the oldest files. */
async function trim(files) {
  const all = await files.keys()
  if (all.length > MOST_FILES) await Promise.all(all.slice(0, MOST_FILES / 3).map((request) => files.delete(request)))
}
