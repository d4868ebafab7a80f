// Visited pages, kept by the service worker where the browser allows one (https or localhost).

import { createElement } from "../dom.js"
import { connection } from "../connection.js"
import { moment, messageText } from "../messages.js"
import { device } from "./device.js"

const { serviceWorker } = navigator

export function startPages() {
  tellAge()
  standIn()
  if (serviceWorker && !device.shared) begin()
}

/** Nobody after this person reads them. */
export async function forgetPages() {
  if (!window.caches) return
  await caches.delete("pages")
  if (device.shared) for (const worker of await serviceWorker.getRegistrations()) await worker.unregister()
}

/** What this page loaded before the worker was there is given to it; everything else passes through it anyway. */
async function begin() {
  if (!(await serviceWorker.register("/sw.js").catch(() => null))) return
  const { active } = await serviceWorker.ready
  const seen = performance.getEntriesByType("navigation").concat(performance.getEntriesByType("resource"))
  const missed = seen.filter(({ workerStart }) => !workerStart).map(({ name }) => name.split("#")[0])
  const own = seen[0]?.name.split("#")[0]
  const fit = missed.filter((name) => name === own || /^\/(static|words)\//.test(new URL(name).pathname))
  if (fit.length) active.postMessage({ keep: [...fit, "/offline"] })
}

/** A page out of the cache says of when it is, until the connection is back and it follows what has changed since. */
function tellAge() {
  const { kept } = document.documentElement.dataset
  if (!kept) return
  const text = messageText("kept", { time: moment(new Date(kept)) })
  const line = createElement("p", { id: "kept", className: "flash warning", textContent: text })
  connection.watch((state) => {
    if (state === "offline") document.getElementById("flashes").append(line)
    if (state === "online") line.remove()
  })
}

/** The page that stands in for one that is not there lists those that are, and gives way as soon as it can. */
async function standIn() {
  const home = document.getElementById("kept-pages")
  if (!home || !window.caches) return
  connection.watch((state) => state === "online" && location.pathname !== "/offline" && location.reload())
  const pages = await caches.open("pages")
  for (const { url } of await pages.keys()) {
    const title = await titleOf(await pages.match(url))
    if (!/offline/.test(url)) home.querySelector("ul").append(createElement("li", {}, createElement("a", { href: url, textContent: title })))
  }
  home.hidden = !home.querySelector("li")
}

async function titleOf(answer) {
  const { title } = new DOMParser().parseFromString(await answer.text(), "text/html")
  return title.replace(/ · Klimawerk$/, "")
}
