// Comments and replies: sent in order and stored in the browser until they are acknowledged, as are drafts.

import { createElement } from "./dom.js"
import { fill } from "./form-values.js"
import { get } from "./http.js"
import { newId } from "./ids.js"
import { startMentions } from "./mentions.js"
import { showUnsavedCopy } from "./unsaved-copy.js"
import { startPassages } from "./comment-selection.js"
import { enqueue, recordOf } from "./post-queue.js"
import { refusal } from "./refusals.js"
import { saveStatus } from "./save-status.js"
import { dropPlan, dropPlanAfter, storePlan } from "./store/store-access.js"
import { replaceRecord } from "./store/store-writer.js"
import { pendingChanges } from "./store/pending-changes.js"
import { swap } from "./swap.js"
import { loadLaterMessages, messageText } from "./messages.js"

const FORM = "form[data-comment]"
const DRAFT = "draft"

// Comments under way by key: {element, home()}.
const pending = new Map()

export function startComments() {
  document.addEventListener("submit", onSubmit)
  document.addEventListener("input", ({ target }) => target.form?.matches(FORM) && storeDraft(target.form))
  document.addEventListener("click", onClick)
  document.addEventListener("kw:swapped", drawPending)
  startMentions()
  startPassages(startThread)
  loadLaterMessages().then(adoptDrafts)
}

function onSubmit(event) {
  const form = event.target
  if (event.defaultPrevented || !form.matches(FORM)) return
  event.preventDefault()
  const change = changeOf(form)
  if (!change.text) return
  showPending(change, homeOf(form))
  enqueue(change)
  dropPlanAfter(draftOf(form), change.key)
  resetForm(form)
}

function changeOf(form) {
  const body = new URLSearchParams(new FormData(form))
  const key = `comment ${body.get("key")}`
  const change = { key, lane: form.closest("[data-topic]").dataset.topic, url: form.action, body, element: form.id }
  const place = () => pending.get(key)?.element ?? document.getElementById(form.id)
  const words = { label: messageText("comments.yours"), text: body.get("words").trim() }
  return { ...change, ...words, place, answered: (answer) => onAnswered(answer, { ...change, ...words }) }
}

/** The response to a comment: swaps in the thread with the comment, or returns the reason for the refusal. */
async function onAnswered(answer, { key, element, label, text }) {
  const html = await answer.text()
  const reason = refusal(answer, html)
  pending.get(key)?.element.remove()
  pending.delete(key)
  if (!reason) {
    saveStatus.forget(key)
    swap(html)
    return ""
  }
  const place = () => document.getElementById(element)?.parentElement
  saveStatus.refused(key, place)
  showUnsavedCopy({ place, reason, label, text, done: () => (saveStatus.forget(key), dropPlan(key)) })
  return reason
}

/** Clear the form for the next comment. */
function resetForm(form) {
  form.removeAttribute("data-draft")
  form.reset()
  form.elements.key.value = newId()
  if (form.elements.anchor) form.elements.anchor.value = ""
}

/** Show a comment under way where it will stand, also after that part was drawn again. */
function showPending({ key, label, text }, home) {
  const by = createElement("p", { className: "by" }, createElement("strong", { textContent: label }))
  const words = createElement("div", { className: "words", textContent: text })
  const element = createElement(home()?.localName === "ol" ? "li" : "div", { className: "comment pending" }, by, words)
  pending.set(key, { element, home })
  drawPending()
}

function drawPending() {
  for (const { element, home } of pending.values()) {
    if (element.isConnected) continue
    const container = home()
    if (container?.localName === "ol") container.append(element)
    else container?.prepend(element)
  }
}

/** A reply goes to the end of its thread, a new thread before the others. */
function homeOf({ id }) {
  const [kind, number] = id.split("-")
  const place = kind === "reply" ? `#thread-${number} .said` : `#threads-${number}`
  return () => document.querySelector(place)
}

function draftOf(form) {
  return `draft ${form.id}`
}

/** Store the draft; forms with a draft are not replaced by live updates. */
function storeDraft(form) {
  const hasText = () => form.isConnected && form.elements.words.value.trim() !== ""
  form.toggleAttribute("data-draft", hasText())
  if (hasText()) storePlan(draftOf(form), () => hasText() && { ...recordOf(changeOf(form)), kind: DRAFT }, true)
  else dropPlan(draftOf(form))
}

/** Restore drafts of closed pages into the same forms of this page. */
async function adoptDrafts() {
  if (!document.querySelector(FORM)) return
  for (const record of await pendingChanges.leftBehind(DRAFT).catch(() => [])) {
    const form = document.getElementById(record.element)
    if (!form?.matches(`${FORM}:not([data-draft])`) || !(await pendingChanges.claim(record))) continue
    fill(form, new URLSearchParams(record.body))
    form.closest("details").open = true
    storeDraft(form)
    replaceRecord(record, draftOf(form))
  }
}

/** Start a new thread about a passage of a text. */
async function startThread(text, passage) {
  const place = text.session?.anchor(passage)
  const link = document.querySelector("[id^=talks-] a")
  if (!link || !(await openPanel(link))) return
  const form = document.querySelector(`${FORM}[id^=begin-]`)
  if (!form) return
  form.closest("details").open = true
  form.elements.about.value = text.dataset.fragment
  form.elements.passage.value = passage.words
  form.elements.anchor.value = JSON.stringify({ ...passage, ...place })
  form.elements.words.focus()
}

function onClick(event) {
  if (event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return
  const quoteLink = event.target.closest("a[data-quote]")
  const panelLink = event.target.closest("[id^=talks-] a, .passage-note a")
  if (!quoteLink && !panelLink) return
  event.preventDefault()
  if (quoteLink) quote(quoteLink)
  else openPanel(panelLink)
}

function quote(link) {
  const form = link.closest(".thread").querySelector(FORM)
  const paragraphs = link.closest(".comment").querySelectorAll(":scope > .words > p")
  const lines = [...paragraphs].map((paragraph) => paragraph.innerText).join("\n\n").split("\n")
  const box = form.elements.words
  const before = box.value.trim() ? `${box.value.trimEnd()}\n\n` : ""
  box.value = `${before}${lines.map((line) => `> ${line}`.trim()).join("\n")}\n\n`
  form.closest("details").open = true
  box.focus()
  storeDraft(form)
}

/** Load the threads to the end of the sheet; offline open their own page, which may be cached. A link to a thread leads
 *  to it, or to its own page if it is not among those loaded. */
async function openPanel(link) {
  const item = link.pathname.split("/")[2]
  const findPanel = () => document.getElementById(`comments-${item}`)
  if (!findPanel()) {
    const answer = await get(`${link.pathname}/panel`)
    if (!answer?.ok) {
      location.assign(link.href)
      return false
    }
    const panel = Object.assign(document.createElement("template"), { innerHTML: await answer.text() })
    document.getElementById("main").append(panel.content)
    document.dispatchEvent(new CustomEvent("kw:swapped"))
    adoptDrafts()
  }
  const place = findPanel().querySelector(link.hash ? `${link.hash} a` : "h2")
  if (place) place.focus()
  else location.assign(link.hash.replace("#thread-", "/threads/"))
  return true
}
