// Adding, moving and deleting rows without leaving the page: forms whose response is the redrawn part of the page.

import { retryForever } from "./backoff.js"
import { isError, sentence } from "./http.js"
import { newId } from "./ids.js"
import { loadLater } from "./load.js"
import { openPlace } from "./pens.js"
import { CLOSED, enqueue } from "./post-queue.js"
import { saveStatus } from "./save-status.js"
import { rowOfCell } from "./sheet-forms.js"
import { dropPlan } from "./store/store-access.js"
import { swap } from "./swap.js"
import { messageText } from "./messages.js"

const FORMS = "form[data-quiet], form[data-settle], form[data-post], form.row-add"
const HANDLED = [200, 201, 204, 409, 422]

// Addresses of rows being added: another press does not add a second one.
const underWay = new Set()

let count = 0

/** Submit these forms without loading a page; [data-submit] controls submit theirs when changed. */
export function startRows() {
  document.addEventListener("submit", (event) => {
    const form = event.target
    if (event.defaultPrevented || !form.matches(FORMS)) return
    event.preventDefault()
    submit(form, event.submitter)
  })
  document.addEventListener("change", ({ target }) => target.matches("[data-submit]") && target.form.requestSubmit())
}

/** Post `values` to `url` like a form without a page load, for drag and drop. */
export function sendChange(element, url, values) {
  send({ element, url, body: new URLSearchParams(values), text: "", label: messageText("change.move") })
}

function submit(form, submitter) {
  const body = new URLSearchParams(new FormData(form, submitter))
  const adding = form.matches(".row-add")
  if (adding && underWay.has(form.action)) return
  // The id of a new row is made here, so that a repeated request does not add a second row.
  if (adding) body.set("id", newId())
  const url = submitter?.hasAttribute("formaction") ? submitter.formAction : form.action
  const text = [...new FormData(form)].filter(([name]) => isTextControl(form, name)).map(([, value]) => value).join("\n")
  const label = submitter?.ariaLabel || textOf(submitter)
  send({ element: form, url, body, text, label, added: adding && body.get("id"), next: focusAfter(form, submitter) })
}

function send({ element, url, body, text, label, added, next }) {
  const key = `change ${++count}`
  const container = element.closest("[id]")
  const from = document.activeElement
  const place = () => container && document.getElementById(container.id)
  if (added) underWay.add(url)
  enqueue({
    key,
    lane: element.closest("[data-topic]")?.dataset.topic ?? "",
    url,
    body,
    place,
    element: container?.id,
    label,
    text,
    answered: async (answer) => {
      underWay.delete(url)
      const html = await answer.text()
      if (answer.status === CLOSED && !text) return showMessage(key, html)
      if (!HANDLED.includes(answer.status) || isError(answer)) {
        return refused({ key, place, text, reason: sentence(html) || messageText("offer.refused") })
      }
      saveStatus.forget(key)
      if (answer.headers.has("HX-Refresh")) return location.reload()
      const { activeElement } = document
      const isWaiting = isFocusLost() || activeElement === from
      swap(html, { except: holdsOpenRow(container) && !url.endsWith("/delete") ? null : container })
      if (isWaiting) moveFocus({ added, moved: container?.closest("tr[data-open]"), pressed: activeElement.className, next })
    },
  })
}

/** Nothing was typed: show the message once. The update that closes the sheet is about to remove the buttons. */
function showMessage(key, html) {
  saveStatus.forget(key)
  const { content } = Object.assign(document.createElement("template"), { innerHTML: html })
  document.getElementById("flashes").append(content)
}

function refused({ key, place, text, reason }) {
  saveStatus.refused(key, place)
  const done = () => (saveStatus.forget(key), dropPlan(key))
  retryForever(loadLater).then(({ showUnsavedCopy }) => showUnsavedCopy({ place, reason, label: messageText("offer.yours"), text, done }))
  return reason
}

/** Open rows stay as they are, with what is typed there. */
function holdsOpenRow(container) {
  return container?.closest("tr[data-open]") ?? container?.querySelector("tr[data-open]")
}

/** The user has not gone elsewhere: open a new row; in one that was moved while it was open, focus the button that was
 *  pressed (`pressed`: its classes); else what comes `next`. */
function moveFocus({ added, moved, pressed, next }) {
  const row = added && document.getElementById(`row-${added}`)
  if (row) openPlace(row)
  else if (!isFocusLost()) return
  else if (moved?.isConnected) {
    const same = pressed && moved.querySelector(`button[class="${pressed}"]:not([disabled])`)
    ;(same || moved.querySelector(".row-done")).focus({ preventScroll: true })
  } else next?.()?.focus({ preventScroll: true })
}

/** The element that had the focus is gone or disabled. */
function isFocusLost() {
  return document.activeElement === document.body || document.activeElement.disabled
}

/** Where to focus after the change: "Undo" where a row was deleted, the field or row that it is about if it is there, its
 *  neighbour, or the button that adds a row. All of them may have been drawn again. */
function focusAfter(form, submitter) {
  const row = form.closest("[data-row], [data-move], kw-field") ?? rowOfCell(form.closest("[id]")?.id) ?? { id: form.name }
  const neighbour = row.nextElementSibling ?? row.previousElementSibling
  const kind = submitter?.className.match(/row-\w+/)?.[0]
  const section = form.closest("section[id]")
  return () =>
    (kind === "row-delete" && findIn(section, ".row-undo")) ||
    findIn(row, ".row-tools button:not([disabled]), .pen") ||
    (kind && findIn(neighbour, `.${CSS.escape(kind)}, .pen`)) ||
    findIn(section, ".row-add button")
}

function findIn(element, selector) {
  return document.getElementById(element?.id)?.querySelector(selector)
}

function textOf(element) {
  return (element?.textContent ?? "").replace(/\s+/g, " ").trim()
}

function isTextControl(form, name) {
  return form.elements[name]?.matches?.("input[type=text], input:not([type]), textarea")
}
