// Opens and closes fields and rows of a sheet: by their pen, by a click into the value, by Escape and Ctrl+Enter.
//
// Without scripts the pen is a link to a page with the form.

import { closed, opened } from "./close-by-back.js"
import { dropWrong } from "./field-change.js"
import { afterPress, focusFirst, focusPen, requestFor } from "./press.js"
import { addButton, closeRow, formOf, isBusy, openRow, rowOfCell } from "./sheet-forms.js"
import { note } from "./text-note.js"

// The ids of rows that are to be closed, although the focus is still there, as soon as nothing of them waits.
const leaving = new Set()

const OPENABLE = "kw-field:not(tr[data-open] kw-field), tr[data-row]"
// What a click is for itself.
const PRESSABLE = "a, button, form, label, input, select, textarea, .conflict, .offer, .notice"

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

/** Open a field or row, for the user: its first control gets the focus. While its form is on its way, they may turn to
 *  something else; then it stays closed. */
export async function openPlace(place) {
  const isWanted = requestFor(place)
  const opened = place.matches("tr") ? await open(place, isWanted) : await place.open({ focus: false, isWanted })
  if (opened) focusFirst(place.matches("tr") ? place : place.form)
  note(noteHost(place), opened === false ? "note.away" : null)
}

/** The field with this id, as a form: its row is opened if need be; null if there is none. */
export async function openField(id) {
  const row = rowOfCell(id)
  if (row) await open(row)
  const field = document.querySelector(`kw-field#${CSS.escape(id || "none")}`)
  if (field && !field.form) await field.open({ focus: false })
  return field
}

/** As OpenableField.open. */
async function open(row, isWanted = () => row.isConnected) {
  if (row.hasAttribute("data-open")) return true
  const content = await formOf(row, row.querySelector(".pen")?.href)
  if (!content) return false
  if (!isWanted()) return null
  if (row.hasAttribute("data-open")) return true
  note(noteHost(row), null)
  openRow(row, content)
  opened(row, () => onBack(row))
  return true
}

/** Close a row that the user has left or is leaving, and that holds nothing unsaved. */
function close(row) {
  if (!isClosable(row)) return
  afterPress(() => {
    if (!isClosable(row)) return
    const focused = row.contains(document.activeElement) || document.activeElement === document.body
    const add = addButton(row)
    closeRow(row)
    closed(row)
    const left = leaving.delete(row.id)
    if (focused && !row.isConnected) add?.focus({ preventScroll: true })
    else if (focused && left) focusPen(row)
  })
}

function isClosable(row) {
  if (!row.hasAttribute("data-open") || isBusy(row)) return false
  return leaving.has(row.id) || !row.contains(document.activeElement)
}

function onClick(event) {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return
  if (event.target.closest(".discard-value")) return event.target.closest("kw-field").takeBack()
  if (event.target.closest(".row-done")) return leaveRow(event.target.closest("tr"))
  const pen = event.target.closest("a.pen")
  const place = event.target.closest(OPENABLE)
  if (!place?.querySelector("a.pen") || place.hasAttribute("data-open") || place.form) return
  if (!pen && (event.target.closest(PRESSABLE) || !getSelection().isCollapsed)) return
  event.preventDefault()
  openPlace(place)
}

function onKeydown(event) {
  if (event.target.matches?.("kw-text > .pen")) moveToLanguage(event)
  const row = event.target.closest?.("tr[data-open]")
  const place = row ?? event.target.closest?.("kw-field, kw-text")
  if (!place || event.isComposing) return
  if (event.key === "Escape" && row && !event.defaultPrevented) {
    event.preventDefault()
    leaveRow(row)
  }
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

/** Close the row and give the focus to its pen; while something of it waits, the row and the focus stay. A refused value
 *  gets the focus. */
function leaveRow(row) {
  row.querySelectorAll("kw-field").forEach((field) => field.save())
  leaving.add(row.id)
  close(row)
  const [wrong] = refusedIn(row)
  if (wrong) focusFirst(wrong.form)
}

/** The system's Back: as for a field. */
function onBack(row) {
  const wrong = refusedIn(row)
  const waiting = leaving.has(row.id) && !wrong.length
  wrong.forEach(dropWrong)
  leaveRow(row)
  if (!waiting && row.hasAttribute("data-open")) opened(row, () => onBack(row))
}

/** The cells whose value was refused and not changed since. */
function refusedIn(row) {
  return [...row.querySelectorAll("kw-field")].filter(({ error, dirty }) => error && !dirty)
}

/** Save, and open what comes next on the page. */
function openNext(place) {
  const pens = [...document.querySelectorAll("main .pen")].filter((pen) => pen.checkVisibility())
  const next = pens.find((pen) => place.compareDocumentPosition(pen) & Node.DOCUMENT_POSITION_FOLLOWING && !place.contains(pen))
  if (next) next.click()
  else if (place.matches("tr")) leaveRow(place)
  else if (place.matches("kw-field")) place.leave()
}

/** Where it is said that the form cannot be had now: beside the value. */
function noteHost(place) {
  return place.matches("tr") ? place.cells[0] : place
}
