// Where the user was in a sheet: the text, field or row that was last focused or pressed. A new comment is about it.

import { createElement } from "./dom.js"
import { messageText } from "./messages.js"
import { rowOfCell } from "./sheet-forms.js"

const PLACES = "kw-text, kw-field, [data-row], [id^='row-'], .part[id], [data-about]"

let last = null
let lastId = "" // of its place, which stays when a form in it is closed
let button = null

/** Follow focus and pointer in the sheet; on narrow screens a button for commenting on that place appears.
 *  @param compose called by the button */
export function followPlace(compose) {
  const sheet = document.querySelector("main.sheet")
  if (!sheet || !document.querySelector("aside.panel [data-comment-key]")) return
  for (const sign of ["focusin", "pointerdown"]) sheet.addEventListener(sign, ({ target }) => note(target, compose))
  document.addEventListener("kw:panel-closed", goBack)
}

/** The code of what `form` may be about at that place: the text, field or cell, else the row; "" for none. */
export function subjectHere(form) {
  const item = form.id.split("-")[1]
  const codes = [...form.elements.about.options].map(({ value }) => value).filter(Boolean)
  const closedCell = !last?.isConnected && codeOf(lastId, item, codes)
  if (closedCell) return closedCell
  for (let at = lastPlace(); at; at = at.parentElement) {
    const code = [at.dataset.about, at.dataset.fragment].find((known) => codes.includes(known)) ?? codeOf(at.id, item, codes)
    if (code) return code
  }
  return ""
}

/** The code that belongs to the HTML id of a field, cell, text, part or row. */
function codeOf(id, item, codes) {
  if (!id) return null
  if (id.startsWith("row-")) return codes.find((code) => code.startsWith(`row:${id.slice(4)}:`))
  return codes.find((code) => {
    const name = code.replaceAll(".", "-")
    if (code.startsWith("row:")) return id === name.replace(/^row:(.*):/, "c-$1-")
    return [`f-${item}-${name}`, `t-${item}-${name}`, `part-${item}-${code.split(".")[0]}`].includes(id)
  })
}

/** What was focused or pressed; if that is gone, its place; for the cell of a row that is closed now, the row. */
function lastPlace() {
  return last?.isConnected ? last : document.getElementById(lastId || "none") ?? rowOfCell(lastId)
}

/** Focus the place again: its own control, else its first one. */
function goBack() {
  const controls = lastPlace()?.closest(PLACES)?.querySelectorAll("[contenteditable=true], button, a, input:not([type=hidden]), select, textarea") ?? []
  const own = [...controls].find((control) => control.contains(last)) ?? [...controls].find((control) => control.checkVisibility())
  own?.focus({ preventScroll: true })
}

function note(target, compose) {
  const place = target.closest?.(PLACES)
  if (!place || target.closest(".comment-key")) return
  last = target
  lastId = place.id
  if (button) return
  button = createElement("button", { type: "button", className: "comment-key", ariaLabel: messageText("comments.here") })
  button.innerHTML = '<svg class="i" aria-hidden="true"><use href="#i-comments"/></svg>'
  button.addEventListener("pointerdown", (event) => event.preventDefault()) // the place keeps the focus
  button.addEventListener("click", () => compose())
  document.querySelector("main.sheet").after(button)
}
