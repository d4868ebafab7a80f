// Adding, moving and deleting without leaving the page: forms whose answer is the redrawn part of it.

import { retryForever } from "./backoff.js"
import { isError, sentence } from "./http.js"
import { newId } from "./ids.js"
import { CLOSED, enqueue } from "./post-queue.js"
import { saveStatus } from "./save-status.js"
import { dropPlan } from "./store/store-access.js"
import { swap } from "./swap.js"
import { messageText } from "./messages.js"

const QUIET = "form[data-quiet], form[data-settle], form[data-post], form.row-add"
const TAKEN = [200, 201, 204, 409, 422]

let count = 0

export function startRows() {
  document.addEventListener("submit", (event) => {
    const form = event.target
    if (event.defaultPrevented || !form.matches(QUIET)) return
    event.preventDefault()
    submit(form, event.submitter)
  })
  document.addEventListener("change", ({ target }) => target.matches("[data-submit]") && target.form.requestSubmit())
}

/** Post `values` to `url` as a quiet form would (pointer moves have none). */
export function quietly(element, url, values) {
  send({ element, url, body: new URLSearchParams(values), text: "", label: messageText("change.move") })
}

function submit(form, submitter) {
  const body = new URLSearchParams(new FormData(form, submitter))
  const adding = form.matches(".row-add")
  // The row's name is made here, so that a repeated request adds no second row.
  if (adding) body.set("id", newId())
  const url = submitter?.hasAttribute("formaction") ? submitter.formAction : form.action
  const text = [...new FormData(form)].filter(([name]) => isWords(form, name)).map(([, value]) => value).join("\n")
  const label = submitter?.ariaLabel || sentenceOf(submitter)
  send({ element: form, url, body, text, label, added: adding && body.get("id"), next: nextStop(form, submitter) })
}

function send({ element, url, body, text, label, added, next }) {
  const key = `change ${++count}`
  const home = element.closest("[id]")
  const place = () => home && document.getElementById(home.id)
  enqueue({
    key,
    lane: element.closest("[data-topic]")?.dataset.topic ?? "",
    url,
    body,
    place,
    element: home?.id,
    label,
    text,
    answered: async (answer) => {
      const html = await answer.text()
      if (answer.status === CLOSED && !text) return tell(key, html)
      if (!TAKEN.includes(answer.status) || isError(answer)) {
        return refused({ key, place, text, reason: sentence(html) || messageText("offer.refused") })
      }
      saveStatus.forget(key)
      if (answer.headers.has("HX-Refresh")) return location.reload()
      swap(html, { except: home })
      if (answer.ok) moveOn(added, next)
    },
  })
}

/** Nothing was typed, so it is said once, and the page is about to lose its buttons. */
function tell(key, html) {
  saveStatus.forget(key)
  const { content } = Object.assign(document.createElement("template"), { innerHTML: html })
  document.getElementById("flashes").append(content)
}

function refused({ key, place, text, reason }) {
  saveStatus.refused(key, place)
  const done = () => (saveStatus.forget(key), dropPlan(key))
  retryForever(() => import("./unsaved-copy.js")).then(({ showUnsavedCopy }) => showUnsavedCopy({ place, reason, label: messageText("offer.yours"), text, done }))
  return reason
}

/** A new row begins at its first control; after a deleted one, the person is at its neighbour. */
function moveOn(added, next) {
  const row = added && document.getElementById(`row-${added}`)
  if (row) row.querySelector("input:not([type=hidden]), select, textarea, button.text-edit, button")?.focus()
  else if (isStranded()) next?.()?.focus({ preventScroll: true })
}

/** What was pressed is gone, or has come to where it can do no more. */
function isStranded() {
  return document.activeElement === document.body || document.activeElement.disabled
}

/** The row itself where it is still there, else its neighbour, else the way to a new one; all may be drawn anew. */
function nextStop(form, submitter) {
  const row = form.closest("[data-row], [data-move]")
  const neighbour = row?.nextElementSibling ?? row?.previousElementSibling
  const kind = [...(submitter?.classList ?? [])].find((name) => name.startsWith("row-"))
  const section = form.closest("section[id]")
  return () =>
    within(row, ".row-tools button:not([disabled])") ??
    (kind && within(neighbour, `.${CSS.escape(kind)}`)) ??
    within(section, ".row-add button")
}

function within(element, selector) {
  return document.getElementById(element?.id)?.querySelector(selector)
}

function sentenceOf(element) {
  return (element?.textContent ?? "").replace(/\s+/g, " ").trim()
}

function isWords(form, name) {
  return form.elements[name]?.matches?.("input[type=text], input:not([type]), textarea")
}
