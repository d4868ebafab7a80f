// Words in a field of a sheet that was closed for editing: they stay in it, with the reason, until their writer sends
// them (once it is open again) or discards them. The browser keeps them meanwhile.

import { createElement, plainButton } from "../dom.js"
import { reset } from "../form-values.js"
import { copyable } from "../unsaved-copy.js"
import { recordOf } from "../post-queue.js"
import { saveStatus } from "../save-status.js"
import { dropPlan, storePlan } from "../store/store-access.js"
import { replaceRecord } from "../store/store-writer.js"
import { pendingChanges } from "../store/pending-changes.js"
import { loadLaterMessages, messageText } from "../messages.js"

// What stands at fields: field => {field, box, why, known}. `why`: the server's sentence, until the page knows the lock.
const boxes = new Map()
// What waits for its field to be a form again: {record, box}.
const homeless = new Set()

document.addEventListener("kw:swapped", () => {
  boxes.forEach(update)
  homeless.forEach(bringHome)
})

/** @param field the <kw-field> with the words @param why the server's sentence, "" for none */
export async function keepRefusedText(field, why) {
  if (!field.dirty) return discard(field)
  const stuck = why || (field.lock ? sentences(field.lock) : messageText("field.refused"))
  dropPlan(field.draft)
  storePlan(field.key, () => field.dirty && recordOf({ ...field.change(), stuck, closed: true }))
  saveStatus.refused(field.key, () => document.getElementById(field.id))
  await loadLaterMessages()
  if (!field.stands) return
  const entry = boxes.get(field) ?? { field, why: "", known: false, box: boxFor(field) }
  if (why) Object.assign(entry, { why, known: false })
  if (!entry.box.isConnected) field.append(entry.box)
  boxes.set(field, entry)
  update(entry)
}

/** What a page that is gone has left and a lock has refused stands at its field. @param record of the browser's store */
export async function adoptRefusedText(record) {
  if (take(record)) return
  await loadLaterMessages()
  const [{ label, text }] = record.words
  const key = `closed ${record.id}`
  const done = plainButton(messageText("panel.discard"))
  const box = group(createElement("p", { textContent: `${record.stuck} ${messageText("closed.kept")}` }), ...copyable(key, label, text), done)
  const entry = { record, key, box }
  done.addEventListener("click", () => {
    leave(entry)
    pendingChanges.drop(record.id)
  })
  homeless.add(entry)
  saveStatus.refused(key, () => document.getElementById(record.element))
  bringHome(entry)
}

/** The words go into the form once there is one; until then they stand below the value that holds. */
function bringHome(entry) {
  if (take(entry.record)) return leave(entry)
  const field = document.getElementById(entry.record.element)
  if (field) field.hidden = false
  if (!entry.box.isConnected) field?.append(entry.box)
}

function leave(entry) {
  homeless.delete(entry)
  entry.box.remove()
  saveStatus.forget(entry.key)
}

/** False where the field is no form now, or holds something newer. */
function take(record) {
  const field = document.getElementById(record.element)
  if (!field?.form || field.dirty) return false
  field.stands = true
  field.adopt(new URLSearchParams(record.body), record.since)
  replaceRecord(record, field.key)
  return true
}

function discard(field) {
  field.stands = false
  if (field.form) reset(field.form)
  field.removeAttribute("data-dirty")
  saveStatus.forget(field.key)
  dropPlan(field.key)
  boxes.forEach(update)
  document.dispatchEvent(new CustomEvent("kw:settled"))
}

function boxFor(field) {
  const send = plainButton(messageText("closed.send"))
  const away = plainButton(messageText("panel.discard"))
  send.addEventListener("click", () => {
    field.stands = false
    field.save()
    boxes.forEach(update)
  })
  away.addEventListener("click", () => discard(field))
  return group(createElement("p"), createElement("p", { className: "actions" }, send, away))
}

function group(...parts) {
  const box = createElement("div", { className: "notice closed-words" }, ...parts)
  box.setAttribute("role", "group")
  return box
}

/** The reasons as they are now; sending is possible once there is none. */
function update(entry) {
  const { field, box } = entry
  if (!field.stands || !field.isConnected) {
    box.remove()
    boxes.delete(field)
    return
  }
  const { lock } = field
  entry.known ||= Boolean(lock)
  const why = lock ? sentences(lock) : entry.known ? "" : entry.why
  const words = why ? `${why} ${messageText("closed.kept")}` : messageText("closed.open")
  const line = box.querySelector("p")
  if (line.textContent !== words) line.textContent = words
  box.querySelector("button").disabled = Boolean(lock)
}

/** Who has closed it and why, without when. */
function sentences(lock) {
  const lines = [...lock.querySelectorAll(".notice:not(.elsewhere) p")].map((line) => line.firstChild.textContent.trim())
  return lines.map((line) => line.replace(/[^.!?]$/, "$&.")).join(" ")
}
