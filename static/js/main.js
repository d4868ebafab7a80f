// Entry of the first paint: starts every behaviour of a page. Modules for later are loaded by `import()`.

// First: it requests the editor before the libraries have arrived.
import { startTexts } from "./text.js"
import { retryForever } from "./backoff.js"
import { connection } from "./connection.js"
import { startLanguages } from "./language-switch.js"
import { startLive } from "./live.js"
import { startPosts } from "./post-queue.js"
import { startPresence } from "./presence.js"
import { startRequests } from "./htmx-requests.js"
import { startRows } from "./rows.js"
import { startSaving } from "./save-status.js"
import { startShortcuts } from "./shortcuts.js"
import { startStore } from "./store/start.js"
import { RELOAD } from "./wire.js"
import "./fields.js"

document.documentElement.classList.add("js")
startRequests()
startRows()
startShortcuts()
startLanguages()
retryForever(() => import("./deferred-input.js")).then(({ start }) => start())

// Anonymous visitors have no live updates and nothing that saves by itself.
if (document.documentElement.dataset.userId) {
  connection.start(document.querySelector("meta[name=socket]")?.content ?? "/socket.io")
  retryForever(() => import("./data-use.js")).then(({ startDataUse }) => startDataUse())
  startSaving()
  startStore()
  startPosts()
  startLive()
  startPresence()
  connection.on(RELOAD, () => retryForever(() => import("./seldom/reload.js")).then(({ showReload }) => showReload()))
  startTexts()
}
