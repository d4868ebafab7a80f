// Keeps an eye on what waits in this browser: says how much, and sees that it is sent.

import { createElement } from "../dom.js"
import { connection } from "../connection.js"
import { hold } from "../hold.js"
import { saveStatus } from "../save-status.js"
import { messageText } from "../messages.js"
import { device } from "./device.js"
import { unstoredPlans } from "./store-access.js"
import { forget, startSignOut } from "./sign-out.js"
import { startPages } from "./page-cache.js"
import { showPanel } from "./unsent-panel.js"
import { resend } from "./resend.js"
import { left } from "./start.js"
import { pendingChanges, countTexts } from "./pending-changes.js"

const CALM = 500

let timer = null

export function start() {
  pendingChanges.watch(soon)
  connection.watch(soon)
  hold.watch(soon)
  startSignOut()
  startPages()
  document.addEventListener("visibilitychange", soon)
  document.addEventListener("kw:saving", showWay)
  document.addEventListener("click", (event) => event.target.closest("[data-show-waiting]") && showPanel())
  showWay()
  soon()
}

/** The way to the panel stands behind the sentence about it. */
function showWay() {
  const head = document.getElementById("save-state")
  const wanted = ["waiting", "offline", "refused"].includes(head.dataset.state) && saveStatus.count + saveStatus.kept + unstoredPlans().length > 0
  const button = document.getElementById("waiting-show")
  if (!wanted) button?.remove()
  else if (!button) head.append(way())
}

function way() {
  const properties = { id: "waiting-show", type: "button", className: "quiet", data: { showWaiting: "" } }
  return createElement("button", { ...properties, textContent: messageText("panel.show") })
}

function soon() {
  timer ??= setTimeout(() => {
    timer = null
    look().catch(() => {}) // a browser that keeps nothing
  }, CALM)
}

async function look() {
  await resend()
  if (!hold.open && connection.online) (await left()).askFirst()
  count(await pendingChanges.list())
  if (device.shared) await forget()
}

/** What this page looks after is counted by `saving` itself. */
function count(records) {
  const elsewhere = records.filter(({ page, stuck }) => !stuck && page !== device.page)
  const stuck = records.filter(({ stuck }) => stuck)
  saveStatus.beside({ waiting: countTexts(elsewhere), stuck: countTexts(stuck) })
}
