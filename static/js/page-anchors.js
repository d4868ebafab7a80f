// Links to a place of this page: opens what hides the place and focuses its pen, or its first control if it is open.

import { rowOfCell } from "./sheet-forms.js"

const PLACES = ".conflict, kw-field, kw-text, .part, .rows, [data-row]"
const CONTROLS = "button[name=take], a.pen, summary, input:not([type=hidden]), select, textarea, .text-edit"

/** Handle clicks on links to places, and the place in the address with which the page was opened. */
export function startPlaces() {
  document.addEventListener("click", onClick)
  const arrived = performance.getEntriesByType("navigation")[0]?.type === "navigate" && !location.search.includes("thread=")
  const place = arrived && document.activeElement === document.body && placeAt(location.hash)
  if (place) goTo(place)
}

/** Show the element: open closed groups, switch to its language, and focus it. */
export function goTo(place) {
  for (let group = place.closest("details"); group; group = group.parentElement.closest("details")) group.open = true
  reveal(place)
  const control = [...place.querySelectorAll(CONTROLS)].find((element) => element.checkVisibility()) ?? place
  if (control === place) place.tabIndex = -1
  control.focus({ preventScroll: true })
  control.scrollIntoView({ block: "center" })
}

/** On narrow screens, which show one language at a time, switch to the language of the place. */
export function reveal(place) {
  const { part } = (place.closest("[data-part]") ?? place).dataset
  if (part && !place.checkVisibility()) document.querySelector(`[data-show-language="${CSS.escape(part)}"]`)?.click()
}

function onClick(event) {
  const link = event.target.closest("a[href*='#']")
  if (!link || event.defaultPrevented || event.ctrlKey || event.metaKey || event.shiftKey) return
  const place = link.closest("#save-state, #save-line") ? nextConflict(link.hash) : isHere(link) && placeAt(link.hash)
  if (!place) return
  event.preventDefault()
  if (location.hash !== `#${place.id}`) history.pushState(null, "", `#${place.id}`)
  goTo(place)
}

/** Whether it links to this page (in any language), and not to a passage of a text. */
function isHere(link) {
  return link.origin + link.pathname === location.origin + location.pathname && !/\b(?:mode|thread)=/.test(link.search)
}

function placeAt(hash) {
  const place = document.getElementById(hash.slice(1)) ?? rowOfCell(hash.slice(1))
  return place?.matches(PLACES) ? place : null
}

/** With several conflicts, each click on the link in the bar, or below it, leads to the next. */
function nextConflict(hash) {
  const all = [...document.querySelectorAll(".conflict")]
  const place = placeAt(hash)
  const last = all.findIndex(({ id }) => `#${id}` === location.hash)
  return last < 0 || !all.includes(place) ? place : all[(last + 1) % all.length]
}
