// Keeps an eye on what waits in this browser: says how much, and sees that it is sent.

import { insist } from "../backoff.js"
import { build } from "../build.js"
import { connection } from "../connection.js"
import { gate } from "../gate.js"
import { saving } from "../saving.js"
import { word } from "../words.js"
import { device } from "./device.js"
import { forget, startLeaving } from "./leaving.js"
import { startPages } from "./pages.js"
import { resend } from "./resend.js"
import { waiting } from "./waiting.js"

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
  document.addEventListener("click", (event) => event.target.closest("[data-show-waiting]") && open())
  showWay()
  soon()
  insist(() => import("./panel.js")) // it is wanted when there is no line to fetch it over
}

/** The way to the panel stands behind the sentence about it. */
function showWay() {
  const head = document.getElementById("save-state")
  const wanted = ["waiting", "offline", "refused"].includes(head.dataset.state) && saving.count + saving.kept > 0
  const button = document.getElementById("waiting-show")
  if (!wanted) button?.remove()
  else if (!button) head.append(way())
}

function way() {
  const properties = { id: "waiting-show", type: "button", className: "quiet", data: { showWaiting: "" } }
  return build("button", { ...properties, textContent: word("panel.show") })
}

function open() {
  insist(() => import("./panel.js")).then(({ showPanel }) => showPanel())
}

function soon() {
  timer ??= setTimeout(() => {
    timer = null
    look().catch(() => {}) // a browser that keeps nothing
  }, CALM)
}

async function look() {
  await resend()
  if (!gate.open && connection.online) (await import("./away.js")).showAway()
  count(await waiting.list())
  if (device.shared) await forget()
}

/** What this page looks after is counted by `saving` itself. */
function count(records) {
  const elsewhere = records.filter(({ page, stuck }) => !stuck && page !== device.page)
  const stuck = records.filter(({ stuck }) => stuck)
  saving.beside({ waiting: texts(elsewhere), stuck: texts(stuck) })
}

function texts(records) {
  return records.reduce((sum, { words }) => sum + words.length, 0)
}
