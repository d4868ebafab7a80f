// Put newer HTML from the server into the page, and never under anybody's caret.

import { htmx } from "../vendor/klimawerk-page.htmx-4.0.1.socket.io-4.8.4.js"
import { renderSaveState, repaint } from "./save-status.js"

const HELD = "kw-field[data-dirty], kw-text[hx-morph-skip], [data-dragging], [data-draft]"

let morph = null
let relocking = null

/** What is to be done besides while the sheet is being closed for editing, or opened; see seldom/lock-refresh.js. */
export function relockBy(one) {
  relocking = one
}

htmx.registerExtension("klimawerk", { init: (internal) => (morph = internal.morph) })

/** Put each root element of `html` in the place of the element with its id. Returns {owed}: whether anything newer
 *  was left out because somebody is working there. `except` may be replaced all the same: it is where the person has
 *  just done what this answers. Elements the page does not have are ignored. */
export function swap(html, { except = null } = {}) {
  const template = document.createElement("template")
  template.innerHTML = html
  let owed = false
  for (const newer of [...template.content.children]) {
    const present = newer.id && document.getElementById(newer.id)
    if (present) owed = !put(present, newer, except) || owed
  }
  document.dispatchEvent(new CustomEvent("kw:swapped"))
  renderSaveState()
  return { owed }
}

function put(present, newer, except) {
  if (Number(newer.dataset.rev) < Number(present.dataset.rev)) return true // an answer overtaken by a newer one
  const focus = rememberFocus(present)
  const held = heldIn(present, except)
  const pairs = held.map((element) => [element, element === present ? newer : within(newer, element)])
  if (pairs.some(([, fresh]) => !fresh)) return relocking?.parts(present, newer, held, (...two) => put(...two, except)) ?? false
  relocking?.follow(pairs)
  if (held.includes(present)) return !isNewer(present, newer)
  const owed = pairs.some((pair) => isNewer(...pair))
  const parent = present.parentNode
  const skipping = held.filter((element) => !element.hasAttribute("hx-morph-skip"))
  for (const element of skipping) element.setAttribute("hx-morph-skip", "")
  const fragment = document.createDocumentFragment()
  fragment.append(newer)
  morph(present, fragment, false)
  for (const element of skipping) element.removeAttribute("hx-morph-skip")
  htmx.process(document.getElementById(present.id) ?? parent)
  settle(document.getElementById(present.id), held)
  restoreFocus(focus)
  return !owed
}

export function within(root, { id }) {
  return root.querySelector(`#${CSS.escape(id)}`)
}

/** What may not be touched inside `root` (or is `root`): changed or focused fields, opened texts. */
function heldIn(root, except) {
  const held = [...root.querySelectorAll(HELD)]
  if (root.matches(HELD)) held.push(root)
  const focused = document.activeElement
  const field = focused?.closest("kw-field, kw-text, form, details, dialog")
  const working = field?.id && !focused.readOnly && focused.matches("input, select, textarea, [contenteditable=true]")
  if (working && root.contains(field) && !held.includes(field)) held.push(field)
  return held.filter((element) => element.id && !(except?.contains(element) || element.contains(except)))
}

function isNewer(present, newer) {
  return present.localName === "kw-field" && stateOf(present) !== stateOf(newer)
}

/** Which value it shows, and whether as a form. */
function stateOf(field) {
  return `${field.dataset.rev} ${!field.querySelector("form")}`
}

/** Controls keep what was once typed into them, whatever their attributes say: bring them to what the server said. */
function settle(root, held) {
  if (!root) return
  const fields = [...root.querySelectorAll("kw-field"), ...(root.matches("kw-field") ? [root] : [])]
  for (const field of fields) {
    if (held.includes(field)) continue
    field.settle?.()
    repaint(field)
  }
}

function rememberFocus(root) {
  const element = document.activeElement
  if (!element || element === document.body || !root.contains(element)) return null
  const home = element.closest("[data-row], kw-field, kw-text, [id]")
  return { element, home: home?.id, id: element.id, name: element.name, kind: element.className }
}

/** A button that was drawn anew is still the button the person is on. */
function restoreFocus(focus) {
  if (!focus || document.activeElement === focus.element) return
  const home = document.getElementById(focus.home)
  const same = focus.element.isConnected ? focus.element : document.getElementById(focus.id) ?? likeIn(home, focus)
  same?.focus({ preventScroll: true })
}

function likeIn(home, { name, kind }) {
  return [...(home?.querySelectorAll("button, a, input, select, textarea") ?? [])].find(
    (element) => (name && element.name === name) || (kind && element.className === kind),
  )
}
