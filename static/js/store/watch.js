// Keeps an eye on what waits in this browser: says how much, and sees that it is sent.

import { connection } from "../connection.js"
import { gate } from "../gate.js"
import { saving } from "../saving.js"
import { device } from "./device.js"
import { resend } from "./resend.js"
import { waiting } from "./waiting.js"

const CALM = 500

let timer = null

export function start() {
  waiting.watch(soon)
  connection.watch(soon)
  gate.watch(soon)
  document.addEventListener("visibilitychange", soon)
  soon()
}

function soon() {
  timer ??= setTimeout(() => {
    timer = null
    look().catch(() => {}) // a browser that keeps nothing
  }, CALM)
}

async function look() {
  await resend()
  count(await waiting.list())
  await waiting.tidy()
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
