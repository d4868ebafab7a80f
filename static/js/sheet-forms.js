// The forms of a sheet's fields and rows. All of them come in one answer when the page is idle, so that opening one needs
// no request; the server sends newer ones together with the parts of the page that have changed.

import { retryForever } from "./backoff.js"
import { dataSaver } from "./data-saver.js"
import { get } from "./http.js"
import { sameIn, setSheetForms } from "./swap.js"
import { whenIdle } from "./when-idle.js"

// The id of a field or row: its form as the server drew it last.
const forms = new Map()

// The id of an open row: its cells for reading.
const readings = new Map()

let loaded = null

/** Load all forms of this page's sheet when it is idle, if the user may edit it; not with the data saver. */
export function startSheetForms() {
  if (!address()) return
  loaded = new Promise((done) => whenIdle(() => done(dataSaver.on ? null : retryForever(load))))
}

/** Whether the forms of this sheet are kept here, so that answers should bring newer ones. */
export function keepsForms() {
  return forms.size > 0
}

/** Resolves when the forms are kept, or will not come by themselves. */
export function formsLoaded() {
  return Promise.race([loaded, new Promise((done) => setTimeout(done, 3_000))])
}

/** A copy of the form of a field or row, fetched if it is not kept or is older than what the page shows; null if it
 *  cannot be had now. */
export async function formOf({ id, dataset }, url) {
  if (isOutdated(id, dataset.rev) && url) await fetchForm(url)
  return isOutdated(id, dataset.rev) ? null : forms.get(id).cloneNode(true)
}

/** A copy of the kept form of an open field or cell. */
export function keptForm({ form, id }) {
  const row = form.closest("tr[data-open]")
  return (row ? sameIn(forms.get(row.id), form) : forms.get(id))?.cloneNode(true)
}

/** The row that the field with this id is a cell of. */
export function rowOfCell(id) {
  return [...document.querySelectorAll("tr[data-row]")].find(({ dataset }) => id?.startsWith(`c-${dataset.row}-`))
}

/** Replace the cells of a row by its form. @param content an element */
export function openRow(row, content) {
  readings.set(row.id, [...row.childNodes])
  row.dataset.open = ""
  const cell = document.createElement("td")
  cell.colSpan = 20
  cell.append(content)
  row.replaceChildren(cell)
}

/** Show the cells of an open row for reading again; a row that was deleted meanwhile goes. */
export function closeRow(row) {
  delete row.dataset.open
  if (row.hasAttribute("data-gone")) {
    forms.delete(row.id)
    row.remove()
  } else row.replaceChildren(...(readings.get(row.id) ?? []))
  readings.delete(row.id)
}

/** Whether something of an open row waits, or is offered to the user. */
export function isBusy(row) {
  return [...row.querySelectorAll("kw-field")].some(({ busy, offering }) => busy || offering)
}

/** The button that adds a row beside this one. */
export function addButton(row) {
  return row.closest(".rows")?.querySelector(".row-add button")
}

setSheetForms({
  /** Keep the forms in `container`, and bring those that are open up to date. @param except see swap.js */
  keep(container, except) {
    for (const form of [...container.children]) {
      const id = form.id.replace(/-form$/, "")
      const open = document.getElementById(form.id)
      if (isOutdated(id, form.dataset.rev) || form.dataset.rev === forms.get(id).dataset.rev) {
        if (!form.querySelector(".error")) forms.set(id, form) // what was refused is for its open form alone
        if (open) refresh(open, form, except)
      }
    }
  },

  /** Before a part of the page is replaced: give `newer` a place for each open form, and take the newer cells of rows
   *  that are open. A row that was deleted stays while it holds something unsent; then its form goes with it. */
  placeOpen(present, newer, except) {
    for (const form of present.querySelectorAll("kw-field:not(tr kw-field) > form.field-form")) {
      const field = form.parentElement
      const host = newer.id === field.id ? newer : sameIn(newer, field)
      host?.toggleAttribute("data-dirty", Boolean(field.dirty))
      if (host && !sameIn(host, form)) host.append(Object.assign(document.createElement("form"), { id: form.id }))
    }
    for (const row of present.querySelectorAll("tr[data-open]")) {
      const fresh = sameIn(newer, row)
      if (row.contains(except)) continue
      row.toggleAttribute("data-gone", !fresh)
      if (fresh) readings.set(row.id, [...fresh.cloneNode(true).childNodes])
      else if (isBusy(row)) newer.querySelector("tbody")?.append(row.cloneNode(false))
      else {
        if (row.contains(document.activeElement)) addButton(row)?.focus({ preventScroll: true })
        closeRow(row)
      }
    }
  },
})

/** @param open the form on the page, of a field or row @param form the newer one */
function refresh(open, form, except) {
  if (open.matches("form")) return open.parentElement.takeForm?.(form.cloneNode(true), except)
  open.dataset.rev = form.dataset.rev
  for (const fresh of form.querySelectorAll("kw-field")) {
    const field = document.getElementById(fresh.id)
    if (!field?.takeForm) continue
    field.takeForm(fresh.querySelector(":scope > form").cloneNode(true), except)
    field.querySelector(":scope > .converted")?.remove()
    field.form.after(...[...fresh.children].filter((part) => part.matches(".converted")).map((part) => part.cloneNode(true)))
  }
  // The number of a row in their names, and whether it is the first or last.
  for (const button of form.querySelectorAll(".row-tools form button")) {
    const present = open.querySelector(`button[class="${button.className}"]`)
    present?.toggleAttribute("disabled", button.disabled)
    if (button.hasAttribute("aria-label")) present?.setAttribute("aria-label", button.getAttribute("aria-label"))
  }
}

function isOutdated(id, rev) {
  return !forms.has(id) || Number(forms.get(id).dataset.rev) < Number(rev)
}

async function load() {
  const answer = await get(address())
  if (!answer) throw new Error("the forms did not arrive")
  if (answer.ok) keepAll(await answer.text())
}

async function fetchForm(url) {
  const answer = await get(url)
  if (answer?.ok) keepAll(await answer.text())
}

/** Keep forms that are not older than the kept ones. */
function keepAll(html) {
  const template = Object.assign(document.createElement("template"), { innerHTML: html })
  for (const form of template.content.querySelectorAll(".sheet-forms > *")) {
    const id = form.id.replace(/-form$/, "")
    if (isOutdated(id, form.dataset.rev)) forms.set(id, form)
  }
}

function address() {
  return document.querySelector("main[data-forms]")?.dataset.forms
}
