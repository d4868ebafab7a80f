// The form of a comment or reply: what it posts, its draft, and the line that says what its choices are.

import { fill } from "./form-values.js"
import { newId } from "./ids.js"
import { messageText } from "./messages.js"
import { pendingComment } from "./pending-comments.js"
import { recordOf } from "./post-queue.js"
import { pendingChanges } from "./store/pending-changes.js"
import { dropPlan, storePlan } from "./store/store-access.js"
import { replaceRecord } from "./store/store-writer.js"

export const FORM = "form[data-comment]"
const DRAFT = "draft"

/** What sending the form would post; see enqueue in post-queue.js. */
export function changeOf(form) {
  const body = new URLSearchParams(new FormData(form))
  const key = `comment ${body.get("key")}`
  const change = { key, lane: form.closest("[data-topic]").dataset.topic, url: form.action, body, element: form.id }
  const place = () => pendingComment(key) ?? document.getElementById(form.id)
  const words = { label: messageText("comments.yours"), text: body.get("words").trim() }
  return { ...change, ...words, place }
}

/** Clear the form for the next comment. */
export function resetForm(form) {
  form.removeAttribute("data-draft")
  form.reset()
  form.elements.key.value = newId()
  if (form.elements.anchor) form.elements.anchor.value = ""
  describe(form)
}

/** Say in one line what the form's choices are. */
export function describe(form) {
  for (const element of form.querySelectorAll("[data-said]")) {
    const control = form.elements[element.dataset.said]
    if (!control) continue
    if (control.localName === "input") element.textContent = control.value.trim() && ` “${control.value.trim()}”`
    else element.textContent = saidBy(control)
  }
}

function saidBy(control) {
  const chosen = control.selectedOptions?.[0] ?? [...control].find(({ checked }) => checked)
  return (chosen.dataset.as ?? chosen.closest("label, option").textContent).trim()
}

/** The key under which the draft is stored. */
export function draftOf(form) {
  return `draft ${form.id}`
}

/** Store the draft; forms with a draft are not replaced by live updates. */
export function storeDraft(form) {
  const hasText = () => form.isConnected && form.elements.words.value.trim() !== ""
  form.toggleAttribute("data-draft", hasText())
  if (hasText()) storePlan(draftOf(form), () => hasText() && { ...recordOf(changeOf(form)), kind: DRAFT }, true)
  else dropPlan(draftOf(form))
}

/** Restore drafts of closed pages into the same forms of this page. */
export async function adoptDrafts() {
  if (!document.querySelector(FORM)) return
  for (const record of await pendingChanges.leftBehind(DRAFT).catch(() => [])) {
    const form = document.getElementById(record.element)
    if (!form?.matches(`${FORM}:not([data-draft])`) || !(await pendingChanges.claim(record))) continue
    fill(form, new URLSearchParams(record.body))
    form.closest("details").open = true
    describe(form)
    storeDraft(form)
    replaceRecord(record, draftOf(form))
  }
}
