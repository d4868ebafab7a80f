// Replaces parts of the page by newer HTML from the server, by morphing; never under the user's caret.

import { htmx } from "./libraries.js"
import { redraw, renderSaveState } from "./save-status.js"

const PROTECTED = "kw-field[data-dirty], kw-text[hx-morph-skip], [data-dragging], [data-draft]"

let morph = null
let lockRefresh = null

/** Register what else to do when the sheet is closed for editing or opened; see seldom/lock-refresh.js. */
export function setLockRefresh(hooks) {
  lockRefresh = hooks
}

htmx.registerExtension("klimawerk", { init: (internal) => (morph = internal.morph) })

/** Replace for each root element of `html` the element with the same id. Returns {skipped}: whether anything newer was
 *  left out because the user works there. `except` may be replaced all the same: there the user has just made the
 *  change that this is the response to. Elements that the page does not have are ignored. */
export function swap(html, { except = null } = {}) {
  const template = document.createElement("template")
  template.innerHTML = html
  let skipped = false
  for (const newer of [...template.content.children]) {
    const present = newer.id && document.getElementById(newer.id)
    if (present) skipped = !replaceElement(present, newer, except) || skipped
  }
  document.dispatchEvent(new CustomEvent("kw:swapped"))
  renderSaveState()
  return { skipped }
}

function replaceElement(present, newer, except) {
  if (Number(newer.dataset.rev) < Number(present.dataset.rev)) return true // overtaken by a newer response
  const focus = rememberFocus(present)
  const protectedElements = protectedIn(present, except)
  const pairs = protectedElements.map((element) => [element, element === present ? newer : sameIn(newer, element)])
  if (pairs.some(([, fresh]) => !fresh)) return lockRefresh?.parts(present, newer, protectedElements, (...two) => replaceElement(...two, except)) ?? false
  lockRefresh?.follow(pairs)
  if (protectedElements.includes(present)) return !isNewer(present, newer)
  const skipped = pairs.some((pair) => isNewer(...pair))
  const parent = present.parentNode
  const marked = protectedElements.filter((element) => !element.hasAttribute("hx-morph-skip"))
  for (const element of marked) element.setAttribute("hx-morph-skip", "")
  const fragment = document.createDocumentFragment()
  fragment.append(newer)
  morph(present, fragment, false)
  for (const element of marked) element.removeAttribute("hx-morph-skip")
  htmx.process(document.getElementById(present.id) ?? parent)
  resetFields(document.getElementById(present.id), protectedElements)
  restoreFocus(focus)
  return !skipped
}

/** The element inside `root` with the same id; null if there is none. */
export function sameIn(root, { id }) {
  return root.querySelector(`#${CSS.escape(id)}`)
}

/** The elements inside `root` (or `root` itself) that must not be touched: changed or focused fields, opened texts. */
function protectedIn(root, except) {
  const protectedElements = [...root.querySelectorAll(PROTECTED)]
  if (root.matches(PROTECTED)) protectedElements.push(root)
  const focused = document.activeElement
  const field = focused?.closest("kw-field, kw-text, form, details, dialog")
  const editing = field?.id && !focused.readOnly && focused.matches("input, select, textarea, [contenteditable=true]")
  if (editing && root.contains(field) && !protectedElements.includes(field)) protectedElements.push(field)
  return protectedElements.filter((element) => element.id && !(except?.contains(element) || element.contains(except)))
}

function isNewer(present, newer) {
  return present.localName === "kw-field" && stateOf(present) !== stateOf(newer)
}

/** The revision it shows, and whether as a form. */
function stateOf(field) {
  return `${field.dataset.rev} ${!field.querySelector("form")}`
}

/** Form controls keep what was typed, whatever their attributes say: reset them to the server's values. */
function resetFields(root, protectedElements) {
  if (!root) return
  const fields = [...root.querySelectorAll("kw-field"), ...(root.matches("kw-field") ? [root] : [])]
  for (const field of fields) {
    if (protectedElements.includes(field)) continue
    field.settle?.()
    redraw(field)
  }
}

function rememberFocus(root) {
  const element = document.activeElement
  if (!element || element === document.body || !root.contains(element)) return null
  const container = element.closest("[data-row], kw-field, kw-text, [id]")
  return { element, container: container?.id, id: element.id, name: element.name, className: element.className }
}

/** Restore the focus to the button or control that replaced the focused one. */
function restoreFocus(focus) {
  if (!focus || document.activeElement === focus.element) return
  const container = document.getElementById(focus.container)
  const same = focus.element.isConnected ? focus.element : document.getElementById(focus.id) ?? similarIn(container, focus)
  same?.focus({ preventScroll: true })
}

function similarIn(container, { name, className }) {
  return [...(container?.querySelectorAll("button, a, input, select, textarea") ?? [])].find(
    (element) => (name && element.name === name) || (className && element.className === className),
  )
}
