// Keeps an eye on what waits in this browser: says how much, and sees that it is sent.

import { build } from "../dom.js"
import { connection } from "../connection.js"
import { gate } from "../hold.js"
import { saving } from "../save-status.js"
import { word } from "../messages.js"
import { device } from "./device.js"
import { owed } from "./store-access.js"
import { forget, startLeaving } from "./sign-out.js"
import { startPages } from "./page-cache.js"
import { showPanel } from "./unsent-panel.js"
import { resend } from "./resend.js"
import { left } from "./start.js"
import { waiting, wordsIn } from "./pending-changes.js"

const CALM = 500

let timer = null

export function start() {
  waiting.watch(soon)
  connection.watch(soon)
  gate.watch(soon)
  startLeaving()
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
  const wanted = ["waiting", "offline", "refused"].includes(head.dataset.state) && saving.count + saving.kept + owed().length > 0
  const button = document.getElementById("waiting-show")
  if (!wanted) button?.remove()
  else if (!button) head.append(way())
}

function way() {
  const properties = { id: "waiting-show", type: "button", className: "quiet", data: { showWaiting: "" } }
  return build("button", { ...properties, textContent: word("panel.show") })
}

function soon() {
  timer ??= setTimeout(() => {
    timer = null
    look().catch(() => {}) // a browser that keeps nothing
  }, CALM)
}

async function look() {
  await resend()
  if (!gate.open && connection.online) (await left()).askFirst()
  count(await waiting.list())
  if (device.shared) await forget()
}

/** What this page looks after is counted by `saving` itself. */
function count(records) {
  const elsewhere = records.filter(({ page, stuck }) => !stuck && page !== device.page)
  const stuck = records.filter(({ stuck }) => stuck)
  saving.beside({ waiting: wordsIn(elsewhere), stuck: wordsIn(stuck) })
}
