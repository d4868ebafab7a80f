// Opens and closes fields and rows of a sheet: by their pen, by a click into the value, by Escape and Ctrl+Enter.
//
// Without scripts the pen is a link to a page with the form.

import { closed, opened } from "./close-by-back.js"
import { afterPress, focusFirst } from "./press.js"
import { closeRow, formOf, openRow, rowOfCell } from "./sheet-forms.js"
import { messageText } from "./messages.js"

// The ids of rows that are to be closed, although the focus is still there, as soon as nothing of them waits.
const leaving = new Set()

const OPENABLE = "kw-field:not(tr[data-open] kw-field), tr[data-row]"

export function startPens() {
  document.addEventListener("click", onClick)
  document.addEventListener("keydown", onKeydown)
  document.addEventListener("focusout", (event) => {
    const row = event.target.closest?.("tr[data-open]")
    if (row && !row.contains(event.relatedTarget)) setTimeout(() => close(row))
  })
  for (const type of ["focusin", "input"]) document.addEventListener(type, ({ target }) => leaving.delete(target.closest?.("tr")?.id))
  document.addEventListener("kw:settled", () => document.querySelectorAll("tr[data-open]").forEach(close))
}

/** Open a field or row. @param focus whether its first control gets the focus. Resolves with false if it cannot be opened
 *  now. */
export async function openPlace(place, { focus = true } = {}) {
  const opened = place.matches("tr") ? await open(place) : await place.open({ focus: false })
  if (opened && focus) focusFirst(place.matches("tr") ? place : place.form)
  return opened
}

/** The field with this id, as a form: its row is opened if need be; null if there is none. */
export async function openField(id) {
  const row = rowOfCell(id)
  if (row) await open(row)
  const field = document.querySelector(`kw-field#${CSS.escape(id || "none")}`)
  if (field && !field.form) await field.open({ focus: false })
  return field
}

async function open(row) {
  if (row.hasAttribute("data-open")) return true
  const content = await formOf(row, row.querySelector(".pen")?.href)
  if (content && !row.hasAttribute("data-open")) {
    openRow(row, content)
    opened(row, () => leaveRow(row))
  }
  return Boolean(content)
}

/** Close a row that the user has left or is leaving, and that holds nothing unsaved. */
function close(row) {
  if (!isClosable(row)) return
  afterPress(() => {
    if (!isClosable(row)) return
    const focused = row.contains(document.activeElement) || document.activeElement === document.body
    closeRow(row)
    closed(row)
    if (leaving.delete(row.id) && focused) row.querySelector("a.pen")?.focus({ preventScroll: true })
  })
}

function isClosable(row) {
  if (!row.hasAttribute("data-open") || [...row.querySelectorAll("kw-field")].some(({ busy, offering }) => busy || offering)) return false
  return leaving.has(row.id) || !row.contains(document.activeElement)
}

function onClick(event) {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return
  if (event.target.closest(".row-done")) return leaveRow(event.target.closest("tr"))
  const pen = event.target.closest("a.pen")
  const place = event.target.closest(OPENABLE)
  if (!place?.querySelector("a.pen") || place.hasAttribute("data-open") || place.form) return
  if (!pen && (event.target.closest("a, button, form, .conflict") || !getSelection().isCollapsed)) return
  event.preventDefault()
  openPlace(place).then((opened) => opened || note(place))
}

function onKeydown(event) {
  if (event.target.matches?.("kw-text > .pen")) moveToLanguage(event)
  const row = event.target.closest?.("tr[data-open]")
  const place = row ?? event.target.closest?.("kw-field, kw-text")
  if (!place || event.isComposing) return
  if (event.key === "Escape" && row && !event.defaultPrevented) leaveRow(row)
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return
  event.preventDefault()
  openNext(place)
}

/** Of the languages of a text that stand side by side, only the first pen is a tab stop; arrow keys lead to the others. */
function moveToLanguage(event) {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key]
  if (!step) return
  const pens = [...event.target.closest(".pair, .title").querySelectorAll(".pen")]
  pens[pens.indexOf(event.target) + step]?.focus()
}

/** Close the row and give the focus to its pen; while something of it waits, the row and the focus stay. */
function leaveRow(row) {
  row.querySelectorAll("kw-field").forEach((field) => field.save())
  leaving.add(row.id)
  close(row)
}

/** Save, and open what comes next on the page. */
function openNext(place) {
  const pens = [...document.querySelectorAll("main .pen")].filter((pen) => pen.checkVisibility())
  const next = pens.find((pen) => place.compareDocumentPosition(pen) & Node.DOCUMENT_POSITION_FOLLOWING && !place.contains(pen))
  if (next) next.click()
  else if (place.matches("tr")) leaveRow(place)
  else if (place.matches("kw-field")) place.leave()
}

/** The form cannot be had now: say so beside the value. */
function note(place) {
  const text = Object.assign(document.createElement("span"), { className: "field-state", textContent: messageText("form.away") })
  const host = place.matches("tr") ? place.cells[0] : place
  host.querySelector(".field-state")?.remove()
  host.append(text)
}
