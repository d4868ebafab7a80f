// Sends what pages that are gone have left behind: texts by joining their document, fields and rows by their doors.

import { retryForever } from "../backoff.js"
import { connection } from "../connection.js"
import { hold } from "../hold.js"
import { CLOSED, enqueue } from "../post-queue.js"
import { refusal } from "../refusals.js"
import { saveStatus } from "../save-status.js"
import { swap } from "../swap.js"
import { messageText } from "../messages.js"
import { device } from "./device.js"
import { replaceRecord } from "./store-writer.js"
import { left as looksAfter } from "./start.js"
import { pendingChanges } from "./pending-changes.js"

/** Take over whatever was left behind. Without a connection only what belongs to this page's own fields. */
export async function resend() {
  for (const record of await pendingChanges.leftBehind("", ({ closed }) => closed)) await putBack(record)
  const left = await pendingChanges.leftBehind()
  hold.holdIfOld(left)
  for (const record of newest(left.filter(({ kind }) => kind === "post"))) await takeOver(record)
  if (!connection.online || !hold.open) return
  const docs = new Set(left.filter(({ kind }) => kind === "text").map(({ doc }) => doc))
  for (const doc of docs) await (await looksAfter()).sendText(doc, left)
}

/** Of several values of one field only the last counts. */
function newest(posts) {
  const last = new Map(posts.map((record) => [fieldOf(record), record]))
  const gone = posts.filter((record) => last.get(fieldOf(record)) !== record)
  if (gone.length) pendingChanges.drop(...gone.map(({ id }) => id))
  return posts.filter((record) => !gone.includes(record))
}

function fieldOf({ id, element, url }) {
  return /^[fc]-/.test(element ?? "") ? url : id
}

async function takeOver(record) {
  const field = fieldFor(record)
  if (!(field || connection.online) || !(await pendingChanges.claim(record))) return
  if (record.gen !== device.gen) return pendingChanges.stick(record, messageText("offer.restored"))
  const body = new URLSearchParams(record.body)
  if (field?.adopt?.(body, record.since)) return replaceRecord(record, field.key)
  sendPost(record, body)
}

function fieldFor({ element }) {
  return document.querySelector(`kw-field#${CSS.escape(element ?? "none")}`)
}

/** A lock has refused it: it stands at its field, until its writer sees to it. */
async function putBack(record) {
  if (!fieldFor(record) || !(await pendingChanges.claim(record))) return
  retryForever(() => import("../seldom/locked-field.js")).then(({ adoptRefusedText }) => adoptRefusedText(record))
}

function sendPost(record, body) {
  const key = `left ${record.id}`
  const place = () => document.getElementById(record.element)
  const answered = async (answer) => {
    const html = await answer.text()
    const reason = refusal(answer, html)
    saveStatus.forget(key)
    if (reason) return pendingChanges.stick(record, reason, answer.status === CLOSED)
    swap(html)
    return pendingChanges.drop(record.id)
  }
  enqueue({ key, lane: record.doc, url: record.url, body, place, answered, kept: true })
}
