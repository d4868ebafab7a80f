// Entry of the first paint: starts every behaviour of a page. load.js loads the other files.

// First: it requests the editor before the libraries have arrived.
import { startTexts } from "./text.js"
import { retryForever } from "./backoff.js"
import { startBusy } from "./busy-form.js"
import { connection } from "./connection.js"
import { startLanguages } from "./language-switch.js"
import { startLive } from "./live.js"
import { loadLater } from "./load.js"
import { startMenus } from "./menus.js"
import { startPens } from "./pens.js"
import { startPosts } from "./post-queue.js"
import { startPresence } from "./presence.js"
import { startRequests } from "./htmx-requests.js"
import { showReload } from "./reload.js"
import { startRows } from "./rows.js"
import { startSaving } from "./save-status.js"
import { startSheetForms } from "./sheet-forms.js"
import { startShortcuts } from "./shortcuts.js"
import { startStore } from "./store/start.js"
import { startTypingState } from "./typing-state.js"
import { RELOAD } from "./wire.js"
import "./fields.js"

document.documentElement.classList.add("js")
startRequests()
startRows()
startPens()
startShortcuts()
startLanguages()
startMenus()
startTypingState()
startBusy()
retryForever(loadLater).then(({ startDeferredInput }) => startDeferredInput())

// Anonymous visitors have no live updates and nothing that saves by itself.
if (document.documentElement.dataset.userId) {
  connection.start(document.querySelector("meta[name=socket]")?.content ?? "/socket.io")
  retryForever(loadLater).then(({ startDataUse }) => startDataUse())
  startSaving()
  startStore()
  startPosts()
  startLive()
  startSheetForms()
  startPresence()
  connection.on(RELOAD, showReload)
  startTexts()
}
