// Text in a field that was closed for editing meanwhile: it stays in the field, with the reason, until the user sends
// it (once the sheet is open again) or discards it. The browser stores it meanwhile.

import { createElement, plainButton } from "../dom.js"
import { reset } from "../form-values.js"
import { openField } from "../pens.js"
import { copyable } from "../unsaved-copy.js"
import { recordOf } from "../post-queue.js"
import { saveStatus } from "../save-status.js"
import { dropPlan, storePlan } from "../store/store-access.js"
import { replaceRecord } from "../store/store-writer.js"
import { pendingChanges } from "../store/pending-changes.js"
import { loadLaterMessages, messageText } from "../messages.js"

// Boxes at fields: field => {field, box, why, known}. `why`: the server's message, until the page itself shows the lock
// (`known`).
const boxes = new Map()
// Records whose field is not a form now: {record, key, box}.
const withoutForm = new Set()

let lastFocused = null

document.addEventListener("focusin", ({ target }) => (lastFocused = target))
document.addEventListener("kw:swapped", () => {
  boxes.forEach(update)
  withoutForm.forEach(placeText)
})

/** @param field the <kw-field> with the text @param why the server's message, "" for none */
export async function keepRefusedText(field, why) {
  if (!field.dirty) return discard(field)
  const stuck = why || (field.lock ? lockReason(field.lock) : messageText("field.refused"))
  dropPlan(field.draft)
  storePlan(field.key, () => field.dirty && recordOf({ ...field.change(), stuck, closed: true }))
  saveStatus.refused(field.key, () => document.getElementById(field.id))
  await loadLaterMessages()
  if (!field.refused) return
  const entry = boxes.get(field) ?? { field, why: "", known: false, box: boxFor(field) }
  if (why) Object.assign(entry, { why, known: false })
  boxes.set(field, entry)
  update(entry)
}

/** Show text that a lock refused in a closed page. @param record of the browser's store */
export async function adoptRefusedText(record) {
  if (putInForm(record)) return
  await loadLaterMessages()
  const [{ label, text }] = record.words
  const key = `closed ${record.id}`
  const done = plainButton(messageText("panel.discard"), { className: "plain offer-done" })
  const box = group(createElement("p", { textContent: `${record.stuck} ${messageText("closed.kept")}` }), ...copyable(key, label, text), done)
  const entry = { record, key, box }
  done.addEventListener("click", () => {
    removeBox(entry)
    pendingChanges.drop(record.id)
  })
  withoutForm.add(entry)
  saveStatus.refused(key, () => document.getElementById(record.element))
  placeText(entry)
}

/** Put the text into the form once there is one; until then it is shown below the current value. */
async function placeText(entry) {
  const { element } = entry.record
  await openField(element)
  if (!withoutForm.has(entry)) return
  if (putInForm(entry.record)) return removeBox(entry)
  const field = document.getElementById(element)
  if (field) field.hidden = false
  if (!entry.box.isConnected) field?.append(entry.box)
}

function removeBox(entry) {
  withoutForm.delete(entry)
  entry.box.remove()
  saveStatus.forget(entry.key)
}

/** False if the field has no form now, or holds something newer. */
function putInForm(record) {
  const field = document.getElementById(record.element)
  if (!field?.form || field.dirty) return false
  field.refused = true
  field.adopt(new URLSearchParams(record.body), record.since)
  replaceRecord(record, field.key)
  return true
}

function discard(field) {
  field.refused = false
  if (field.form) reset(field.form)
  field.removeAttribute("data-dirty")
  saveStatus.forget(field.key)
  dropPlan(field.key)
  boxes.forEach(update)
  document.dispatchEvent(new CustomEvent("kw:settled"))
}

function boxFor(field) {
  const sendButton = plainButton(messageText("closed.send"))
  const discardButton = plainButton(messageText("panel.discard"), { className: "plain offer-done" })
  sendButton.addEventListener("click", () => {
    field.refused = false
    field.save()
    boxes.forEach(update)
    field.leave()
  })
  discardButton.addEventListener("click", () => {
    discard(field)
    field.leave()
  })
  return group(createElement("p"), createElement("p", { className: "actions" }, sendButton, discardButton))
}

function group(...parts) {
  const box = createElement("div", { className: "notice closed-words" }, ...parts)
  box.setAttribute("role", "group")
  return box
}

/** Update the reason; sending is possible once there is none. The field may have been drawn again, without the box. */
function update(entry) {
  const { field, box } = entry
  if (!field.refused || !field.isConnected) {
    box.remove()
    boxes.delete(field)
    return
  }
  if (!box.isConnected) putBack(field, box)
  const { lock } = field
  entry.known ||= Boolean(lock)
  const why = lock ? lockReason(lock) : entry.known ? "" : entry.why
  const text = why ? `${why} ${messageText("closed.kept")}` : messageText("closed.open")
  const line = box.querySelector("p")
  if (line.textContent !== text) line.textContent = text
  box.querySelector("button").disabled = Boolean(lock)
}

/** With the focus, if that was lost with the box. */
function putBack(field, box) {
  field.append(box)
  if (box.contains(lastFocused) && document.activeElement === document.body) lastFocused.focus({ preventScroll: true })
}

/** Who closed the sheet and why, without the time. */
function lockReason(lock) {
  const lines = [...lock.querySelectorAll(".notice:not(.elsewhere) p")].map((line) => line.firstChild.textContent.trim())
  return lines.map((line) => line.replace(/[^.!?]$/, "$&.")).join(" ")
}
