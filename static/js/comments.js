// Comments and replies: sent in order and stored in the browser until they are acknowledged, as are drafts.

import { retryForever } from "./backoff.js"
import { FORM, adoptDrafts, changeOf, describe, draftOf, resetForm, storeDraft } from "./comment-form.js"
import { followPlace, subjectHere } from "./comment-place.js"
import { startPassages } from "./comment-selection.js"
import { get } from "./http.js"
import { loadSeldom } from "./load.js"
import { loadLaterMessages } from "./messages.js"
import { openTab, showPanel, startPanel } from "./panel.js"
import { drawPending, dropPending, showPending } from "./pending-comments.js"
import { enqueue } from "./post-queue.js"
import { refusal } from "./refusals.js"
import { saveStatus } from "./save-status.js"
import { dropPlan, dropPlanAfter } from "./store/store-access.js"
import { swap } from "./swap.js"
import { showUnsavedCopy } from "./unsaved-copy.js"

export function startComments() {
  document.addEventListener("submit", onSubmit)
  document.addEventListener("input", ({ target }) => target.form?.matches(FORM) && onInput(target.form))
  document.addEventListener("click", onClick)
  document.addEventListener("kw:swapped", drawPending)
  document.addEventListener("focusin", onFocus)
  startPanel(adoptDrafts)
  startPassages(composeOn)
  followPlace(compose)
  loadLaterMessages().then(adoptDrafts)
}

/** The autocomplete for mentions comes with the first comment that is written. */
async function onFocus({ target }) {
  if (!target.matches("textarea[data-mentions]")) return
  document.removeEventListener("focusin", onFocus)
  const { startMentions } = await retryForever(loadSeldom)
  startMentions()
}

function onSubmit(event) {
  const form = event.target
  if (event.defaultPrevented || !form.matches(FORM)) return
  event.preventDefault()
  const change = changeOf(form)
  if (!change.text) return
  showPending(change, form)
  enqueue({ ...change, answered: (answer) => onAnswered(answer, change) })
  dropPlanAfter(draftOf(form), change.key)
  resetForm(form)
  if (form.closest("aside")) closeForm(form.closest("details"))
}

/** Close the form and leave the focus at what opened it. */
function closeForm(details) {
  details.open = false
  details.querySelector("summary").focus({ preventScroll: true })
}

/** The response to a comment: swaps in the thread with the comment, or returns the reason for the refusal. */
async function onAnswered(answer, { key, element, label, text }) {
  const html = await answer.text()
  const reason = refusal(answer, html)
  dropPending(key)
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

function onInput(form) {
  describe(form)
  storeDraft(form)
}

/** Open the form for a comment on where the user was. */
async function compose() {
  const form = await commentForm()
  if (!form) return
  if (!form.matches("[data-draft]")) setSubject(form, subjectHere(form))
  form.elements.words.focus()
}

/** Open the form for a comment on a passage of a text. */
async function composeOn(text, passage) {
  const place = text.session?.anchor(passage)
  const form = await commentForm()
  if (!form) return
  setSubject(form, text.dataset.fragment, { ...passage, ...place })
  form.elements.words.focus()
}

function setSubject(form, about, passage = null) {
  form.elements.about.value = about
  form.elements.passage.value = passage?.words ?? ""
  form.elements.anchor.value = passage ? JSON.stringify(passage) : ""
  describe(form)
}

/** The opened form for a new thread; on a page without one, the page of comments is opened. */
async function commentForm() {
  const find = () => document.querySelector(`${FORM}[id^=begin-]`)
  if (!find() && !(await loadThreads())) return null
  const form = find()
  if (!form) return null
  if (form.closest("aside")) {
    await openTab("comments")
    showPanel()
  }
  form.closest("details").open = true
  return form
}

/** Load the item's threads into the panel, on a page without one to its end. False if the page of comments is opened
 *  instead: without a connection it may be cached. */
async function loadThreads() {
  if (await openTab("comments")) return true
  const link = commentsLink()
  const answer = document.querySelector("aside [data-tab]") || !link ? null : await get(`${link.pathname}/panel`)
  if (!answer?.ok) {
    if (link) location.assign(link.href)
    return false
  }
  const section = Object.assign(document.createElement("template"), { innerHTML: await answer.text() })
  document.getElementById("main").append(section.content)
  document.dispatchEvent(new CustomEvent("kw:swapped"))
  adoptDrafts()
  return true
}

/** The link from the item's page to its comments. */
function commentsLink() {
  return document.querySelector("[data-tab=comments], [id^=talks-] a")
}

function onClick(event) {
  if (event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return
  const { target } = event
  const quoteLink = target.closest("a[data-quote]")
  const threadLink = target.closest(".passage-note a")
  const key = target.closest("[data-comment-key], .compose > summary")
  if (!quoteLink && !threadLink && !key) return
  event.preventDefault()
  if (quoteLink) quote(quoteLink)
  else if (threadLink) openThread(threadLink)
  else if (key.parentElement.open && key.checkVisibility()) closeForm(key.parentElement)
  else compose()
}

/** Show the thread in the panel, or its own page if it is not among those loaded. */
async function openThread(link) {
  if (!(await loadThreads())) return
  if (document.querySelector("aside.panel")) showPanel()
  const place = document.querySelector(`${link.hash} > .about`)
  if (place) place.focus()
  else location.assign(link.hash.replace("#thread-", "/threads/"))
}

function quote(link) {
  const form = link.closest(".thread").querySelector(FORM)
  const paragraphs = link.closest(".comment").querySelector(".words").querySelectorAll(":scope > p")
  const lines = [...paragraphs].map((paragraph) => paragraph.innerText).join("\n\n").split("\n")
  const box = form.elements.words
  const before = box.value.trim() ? `${box.value.trimEnd()}\n\n` : ""
  box.value = `${before}${lines.map((line) => `> ${line}`.trim()).join("\n")}\n\n`
  form.closest("details").open = true
  box.focus()
  storeDraft(form)
}
