// Counts the pending changes of this browser, shows how many there are, and has them sent.

import { createElement } from "../dom.js"
import { connection } from "../connection.js"
import { hold } from "../hold.js"
import { loadEditor } from "../load.js"
import { saveStatus } from "../save-status.js"
import { messageText } from "../messages.js"
import { device } from "./device.js"
import { unstoredPlans } from "./store-access.js"
import { forget, startSignOut } from "./sign-out.js"
import { startPages } from "./page-cache.js"
import { showPanel } from "./unsent-panel.js"
import { resend } from "./resend.js"
import { pendingChanges, countTexts } from "./pending-changes.js"

const DELAY = 500

let timer = null

/** Keep the counts and the button up to date, and send what closed pages have left. */
export function startPendingStatus() {
  pendingChanges.watch(checkSoon)
  connection.watch(checkSoon)
  hold.watch(checkSoon)
  startSignOut()
  startPages()
  document.addEventListener("visibilitychange", checkSoon)
  document.addEventListener("kw:saving", updateButton)
  document.addEventListener("click", (event) => event.target.closest("[data-show-waiting]") && showPanel())
  updateButton()
  checkSoon()
}

/** Show the button for the panel below the bar while there is something to show. */
function updateButton() {
  const line = document.getElementById("save-line")
  const visible = ["waiting", "offline", "refused"].includes(line.dataset.state) && saveStatus.count + saveStatus.otherPages + unstoredPlans().length > 0
  const button = document.getElementById("waiting-show")
  if (!visible) button?.remove()
  else if (!button) line.append(createButton())
}

function createButton() {
  const properties = { id: "waiting-show", type: "button", className: "quiet", data: { showWaiting: "" } }
  return createElement("button", { ...properties, textContent: messageText("panel.show") })
}

function checkSoon() {
  timer ??= setTimeout(() => {
    timer = null
    check().catch(() => {}) // a browser without a usable store, or the editor did not load
  }, DELAY)
}

async function check() {
  await resend().catch(() => {}) // without a usable store the page's own changes may be on hold, too
  if (!hold.open && connection.online) (await loadEditor()).askFirst()
  count(await pendingChanges.list())
  if (device.shared) await forget()
}

/** This page's own changes are counted by save-status.js itself. */
function count(records) {
  const others = records.filter(({ page, stuck }) => !stuck && page !== device.page)
  const stuck = records.filter(({ stuck }) => stuck)
  saveStatus.setOtherPages({ waiting: countTexts(others), stuck: countTexts(stuck) })
}
