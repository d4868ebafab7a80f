// Sends pending changes of closed pages: texts by joining their document, fields and rows by POST.

import { retryForever } from "../backoff.js"
import { connection } from "../connection.js"
import { hold } from "../hold.js"
import { loadEditor, loadSeldom } from "../load.js"
import { openField } from "../pens.js"
import { CLOSED, enqueue } from "../post-queue.js"
import { refusal } from "../refusals.js"
import { saveStatus } from "../save-status.js"
import { formsLoaded } from "../sheet-forms.js"
import { swap } from "../swap.js"
import { messageText } from "../messages.js"
import { device } from "./device.js"
import { replaceRecord } from "./store-writer.js"
import { pendingChanges } from "./pending-changes.js"

/** Take over what closed pages have left. Offline only what belongs to fields of this page. */
export async function resend() {
  for (const record of await pendingChanges.leftBehind("", ({ closed }) => closed)) await showRefused(record)
  const left = await pendingChanges.leftBehind()
  hold.holdIfOld(left)
  for (const record of newestPerField(left.filter(({ kind }) => kind === "post"))) await takeOver(record)
  if (!connection.online || !hold.open) return
  const docs = new Set(left.filter(({ kind }) => kind === "text").map(({ doc }) => doc))
  for (const doc of docs) await (await loadEditor()).sendText(doc, left)
}

/** Of several values of one field only the last counts. */
function newestPerField(posts) {
  const last = new Map(posts.map((record) => [fieldOf(record), record]))
  const outdated = posts.filter((record) => last.get(fieldOf(record)) !== record)
  if (outdated.length) pendingChanges.drop(...outdated.map(({ id }) => id))
  return posts.filter((record) => !outdated.includes(record))
}

function fieldOf({ id, element, url }) {
  return /^[fc]-/.test(element ?? "") ? url : id
}

async function takeOver(record) {
  const field = await fieldFor(record)
  if (!(field || connection.online)) return
  if (!(await pendingChanges.claim(record))) return closeUnused(field)
  if (record.gen !== device.gen) {
    closeUnused(field)
    return pendingChanges.stick(record, messageText("offer.restored"))
  }
  const body = new URLSearchParams(record.body)
  if (field?.adopt?.(body, record.since)) return replaceRecord(record, field.key)
  sendPost(record, body)
}

/** The field of this page that the record belongs to, opened; null if there is none. */
async function fieldFor({ element }) {
  if (!/^[fc]-/.test(element ?? "")) return null
  await formsLoaded()
  return openField(element)
}

/** Close a field or row that was opened for a record that is not for it; where the user works it stays open. */
function closeUnused(field) {
  field?.close?.()
  document.dispatchEvent(new CustomEvent("kw:settled"))
}

/** A value refused by a lock is shown at its field until the user sends or discards it. */
async function showRefused(record) {
  const field = await fieldFor(record)
  if (!field) return
  if (!(await pendingChanges.claim(record))) return closeUnused(field)
  retryForever(loadSeldom).then(({ adoptRefusedText }) => adoptRefusedText(record))
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
