// Visited pages in the service worker's cache (needs https or localhost).

import { createElement } from "../dom.js"
import { connection } from "../connection.js"
import { moment, messageText } from "../messages.js"
import { formsLoaded } from "../sheet-forms.js"
import { device } from "./device.js"

const { serviceWorker } = navigator

export function startPages() {
  showAge()
  listPages()
  if (serviceWorker && !device.shared) begin()
}

/** Delete the cached pages, so that nobody reads them after the user has signed out. */
export async function forgetPages() {
  if (!window.caches) return
  await caches.delete("pages")
  if (device.shared) for (const worker of await serviceWorker.getRegistrations()) await worker.unregister()
}

/** Pass to the worker what this page loaded before the worker was active; everything else passes through it. */
async function begin() {
  if (!(await serviceWorker.register("/sw.js").catch(() => null))) return
  const { active } = await serviceWorker.ready
  const [page] = performance.getEntriesByType("navigation")
  const own = page?.name.split("#")[0]
  const cacheable = loadedWithoutWorker((name) => name === own || /^\/(static|words)\//.test(new URL(name).pathname))
  if (cacheable.length) active.postMessage({ keep: [...cacheable, "/offline"] })
  await formsLoaded()
  const forms = loadedWithoutWorker((name) => /^\/items\/\d+\/forms$/.test(new URL(name).pathname))
  if (forms.length) active.postMessage({ keep: forms })
}

/** Addresses of what this page loaded not through the worker, as far as `wanted` holds for them. */
function loadedWithoutWorker(wanted) {
  const loaded = [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")]
  const addresses = loaded.filter(({ workerStart }) => !workerStart).map(({ name }) => name.split("#")[0])
  return addresses.filter(wanted)
}

/** Show the age of a cached page until the connection is back and it is live again. */
function showAge() {
  const { kept } = document.documentElement.dataset
  if (!kept) return
  const text = messageText("kept", { time: moment(new Date(kept)) })
  const line = createElement("p", { id: "kept", className: "flash warning", textContent: text })
  connection.watch((state) => {
    if (state === "offline") document.getElementById("flashes").append(line)
    if (state === "online") line.remove()
  })
}

/** The offline page lists the cached pages, and reloads the requested page once there is a connection. */
async function listPages() {
  const list = document.getElementById("kept-pages")
  if (!list || !window.caches) return
  connection.watch((state) => state === "online" && location.pathname !== "/offline" && location.reload())
  const pages = await caches.open("pages")
  for (const { url } of await pages.keys()) {
    const title = await titleOf(await pages.match(url))
    if (title && !/offline/.test(url)) list.querySelector("ul").append(createElement("li", {}, createElement("a", { href: url, textContent: title })))
  }
  list.hidden = !list.querySelector("li")
}

async function titleOf(answer) {
  const { title } = new DOMParser().parseFromString(await answer.text(), "text/html")
  return title.replace(/ · Klimawerk$/, "")
}
