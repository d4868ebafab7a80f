// Comments are sent in their order, and kept here until they are there; so is what is still being written.

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

// What is on its way, by the name of its comment: {element, home()}.
const sent = new Map()

export function startComments() {
  document.addEventListener("submit", submitted)
  document.addEventListener("input", ({ target }) => target.form?.matches(FORM) && mark(target.form))
  document.addEventListener("click", clicked)
  document.addEventListener("kw:swapped", showSent)
  startMentions()
  startPassages(askAbout)
  loadLaterMessages().then(adoptDrafts)
}

function submitted(event) {
  const form = event.target
  if (event.defaultPrevented || !form.matches(FORM)) return
  event.preventDefault()
  const change = changeOf(form)
  if (!change.text) return
  show(change, homeOf(form))
  enqueue(change)
  dropPlanAfter(draftOf(form), change.key)
  clear(form)
}

function changeOf(form) {
  const body = new URLSearchParams(new FormData(form))
  const key = `comment ${body.get("key")}`
  const change = { key, lane: form.closest("[data-topic]").dataset.topic, url: form.action, body, element: form.id }
  const place = () => sent.get(key)?.element ?? document.getElementById(form.id)
  const words = { label: messageText("comments.yours"), text: body.get("words").trim() }
  return { ...change, ...words, place, answered: (answer) => taken(answer, { ...change, ...words }) }
}

/** The thread as it is now, with the comment in it; or why it is not there. */
async function taken(answer, { key, element, label, text }) {
  const html = await answer.text()
  const reason = refusal(answer, html)
  sent.get(key)?.element.remove()
  sent.delete(key)
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

/** A form for the next comment. */
function clear(form) {
  form.removeAttribute("data-draft")
  form.reset()
  form.elements.key.value = newId()
  if (form.elements.anchor) form.elements.anchor.value = ""
}

/** What is on its way stands where it is going to be, also after that was drawn anew. */
function show({ key, label, text }, home) {
  const by = createElement("p", { className: "by" }, createElement("strong", { textContent: label }))
  const words = createElement("div", { className: "words", textContent: text })
  const element = createElement(home()?.localName === "ol" ? "li" : "div", { className: "comment pending" }, by, words)
  sent.set(key, { element, home })
  showSent()
}

function showSent() {
  for (const { element, home } of sent.values()) {
    if (element.isConnected) continue
    const there = home()
    if (there?.localName === "ol") there.append(element)
    else there?.prepend(element)
  }
}

/** A reply comes to the end of its thread, a new thread before the others. */
function homeOf({ id }) {
  const [kind, number] = id.split("-")
  const place = kind === "reply" ? `#thread-${number} .said` : `#threads-${number}`
  return () => document.querySelector(place)
}

function draftOf(form) {
  return `draft ${form.id}`
}

/** What is being written is not touched by anything that comes in, and kept. */
function mark(form) {
  const writes = () => form.isConnected && form.elements.words.value.trim() !== ""
  form.toggleAttribute("data-draft", writes())
  if (writes()) storePlan(draftOf(form), () => writes() && { ...recordOf(changeOf(form)), kind: DRAFT }, true)
  else dropPlan(draftOf(form))
}

/** What was being written in a page that is gone goes on in the same form of this one. */
async function adoptDrafts() {
  if (!document.querySelector(FORM)) return
  for (const record of await pendingChanges.leftBehind(DRAFT).catch(() => [])) {
    const form = document.getElementById(record.element)
    if (!form?.matches(`${FORM}:not([data-draft])`) || !(await pendingChanges.claim(record))) continue
    fill(form, new URLSearchParams(record.body))
    form.closest("details").open = true
    mark(form)
    replaceRecord(record, draftOf(form))
  }
}

/** Words of a text are asked about in a new thread. */
async function askAbout(text, passage) {
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

function clicked(event) {
  if (event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return
  const quoted = event.target.closest("a[data-quote]")
  const talks = event.target.closest("[id^=talks-] a, .passage-note a")
  if (!quoted && !talks) return
  event.preventDefault()
  if (quoted) quote(quoted)
  else openPanel(talks)
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
  mark(form)
}

/** The threads come to the end of the sheet; where they cannot be had, their own page may be kept here. A link to one
 *  of them leads there, or to its own page when it is not among those that came. */
async function openPanel(link) {
  const item = link.pathname.split("/")[2]
  const present = () => document.getElementById(`comments-${item}`)
  if (!present()) {
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
  const place = present().querySelector(link.hash ? `${link.hash} a` : "h2")
  if (place) place.focus()
  else location.assign(link.hash.replace("#thread-", "/threads/"))
  return true
}
