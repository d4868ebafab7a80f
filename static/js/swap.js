// Replaces parts of the page by newer HTML from the server, by morphing; never under the user's caret.

import { htmx } from "./libraries.js"
import { redraw, renderSaveState } from "./save-status.js"

// What stays as it is: open forms and rows, opened texts, what is being dragged, drafts.
const PROTECTED = "form.field-form, tr[data-open], kw-text[hx-morph-skip], [data-dragging], [data-draft]"

let morph = null
let lockRefresh = null
let sheetForms = null

/** Register what else to do when the sheet is closed for editing or opened; see seldom/lock-refresh.js. */
export function setLockRefresh(hooks) {
  lockRefresh = hooks
}

/** Register where forms of fields and rows are kept; see sheet-forms.js. */
export function setSheetForms(hooks) {
  sheetForms = hooks
}

htmx.registerExtension("klimawerk", { init: (internal) => (morph = internal.morph) })

/** Replace for each root element of `html` the element with the same id, and keep the forms of fields and rows in it.
 *  Returns {skipped}: whether anything newer was left out because the user works there. `except` may be replaced all the
 *  same: there the user has just made the change that this is the response to (of a field, only its form). Elements that
 *  the page does not have are ignored. */
export function swap(html, { except = null } = {}) {
  const template = document.createElement("template")
  template.innerHTML = html
  let skipped = false
  const forms = [...template.content.children].filter((newer) => newer.matches(".sheet-forms"))
  for (const newer of [...template.content.children]) {
    const present = newer.id && document.getElementById(newer.id)
    if (present && !forms.includes(newer)) skipped = !replaceElement(present, newer, except?.matches("kw-field") ? null : except) || skipped
  }
  forms.forEach((newer) => sheetForms?.keep(newer, except))
  document.dispatchEvent(new CustomEvent("kw:swapped"))
  renderSaveState()
  return { skipped }
}

function replaceElement(present, newer, except) {
  if (Number(newer.dataset.rev) < Number(present.dataset.rev)) return true // overtaken by a newer response
  sheetForms?.placeOpen(present, newer, except)
  const protectedElements = protectedIn(present, except)
  const pairs = protectedElements.map((element) => [element, element === present ? newer : sameIn(newer, element)])
  if (pairs.some(([, fresh]) => !fresh)) return lockRefresh?.parts(present, newer, protectedElements, (...two) => replaceElement(...two, except)) ?? false
  lockRefresh?.follow(pairs)
  if (protectedElements.includes(present)) return true
  morphTo(present, newer, protectedElements)
  return true
}

/** Morph `present` to `newer`, but for the elements `kept`; the focus stays where it was. */
export function morphTo(present, newer, kept = []) {
  const focus = rememberFocus(present)
  const parent = present.parentNode
  const marked = kept.filter((element) => !element.hasAttribute("hx-morph-skip"))
  for (const element of marked) element.setAttribute("hx-morph-skip", "")
  const fragment = document.createDocumentFragment()
  fragment.append(newer)
  morph(present, fragment, false)
  for (const element of marked) element.removeAttribute("hx-morph-skip")
  const current = document.getElementById(present.id)
  htmx.process(current ?? parent)
  for (const field of current ? [current, ...current.querySelectorAll("kw-field")] : []) if (field.matches("kw-field")) redraw(field)
  restoreFocus(focus)
}

/** The element inside `root` with the same id; null if there is none. */
export function sameIn(root, { id }) {
  return root.querySelector(`#${CSS.escape(id)}`)
}

/** The elements inside `root` (or `root` itself) that must not be touched: open forms and rows, opened texts, and the
 *  form or text that has the focus. */
function protectedIn(root, except) {
  const protectedElements = [...root.querySelectorAll(PROTECTED)]
  if (root.matches(PROTECTED)) protectedElements.push(root)
  const focused = document.activeElement
  const form = focused?.closest("kw-text, form, details, dialog")
  const editing = form?.id && !focused.readOnly && focused.matches("input, select, textarea, [contenteditable=true]")
  if (editing && root.contains(form) && !protectedElements.includes(form)) protectedElements.push(form)
  return protectedElements.filter(
    (element) => element.id && !element.parentElement.closest("tr[data-open]") && !(except?.contains(element) || element.contains(except)),
  )
}

function rememberFocus(root) {
  const element = document.activeElement
  if (!element || element === document.body || !root.contains(element)) return null
  const container = element.closest("[data-row], kw-field, kw-text, [id]")
  return { element, container: container?.id, id: element.id, name: element.name, className: element.className }
}

/** Restore the focus to the button or control that replaced the focused one; in a table else to its first pen, which
 *  does nothing by itself. */
function restoreFocus(focus) {
  if (!focus || document.activeElement === focus.element) return
  const container = document.getElementById(focus.container)
  const same = focus.element.isConnected ? focus.element : document.getElementById(focus.id) ?? similarIn(container, focus) ?? container?.querySelector("tr .pen")
  same?.focus({ preventScroll: true })
}

function similarIn(container, { name, className }) {
  return [...(container?.querySelectorAll("button, a, input, select, textarea") ?? [])].find(
    (element) => (name && element.name === name) || (className && element.className === className),
  )
}
