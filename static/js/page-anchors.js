// Links to a place of this page: what hides it opens, and the focus goes to its first control.

const PLACES = ".conflict, kw-field, kw-text, .part, .rows, [data-row]"
const CONTROLS = "button[name=take], summary, input:not([type=hidden]), select, textarea, .text-edit"

export function startPlaces() {
  document.addEventListener("click", clicked)
  const arrived = performance.getEntriesByType("navigation")[0]?.type === "navigate" && !location.search.includes("thread=")
  const place = arrived && document.activeElement === document.body && placeAt(location.hash)
  if (place) goTo(place)
}

/** Show the element, whatever closed group or language it stands in, and put the focus into it. */
export function goTo(place) {
  for (let group = place.closest("details"); group; group = group.parentElement.closest("details")) group.open = true
  reveal(place)
  const control = [...place.querySelectorAll(CONTROLS)].find((one) => one.checkVisibility()) ?? place
  if (control === place) place.tabIndex = -1
  control.focus({ preventScroll: true })
  control.scrollIntoView({ block: "center" })
}

/** On a narrow screen one language is shown at a time: the place's own. */
export function reveal(place) {
  const { part } = (place.closest("[data-part]") ?? place).dataset
  if (part && !place.checkVisibility()) document.querySelector(`[data-show-language="${CSS.escape(part)}"]`)?.click()
}

function clicked(event) {
  const link = event.target.closest("a[href*='#']")
  if (!link || event.defaultPrevented || event.ctrlKey || event.metaKey || event.shiftKey) return
  const place = link.closest("#save-state") ? nextConflict(link.hash) : isHere(link) && placeAt(link.hash)
  if (!place) return
  event.preventDefault()
  if (location.hash !== `#${place.id}`) history.pushState(null, "", `#${place.id}`)
  goTo(place)
}

/** Whether it leads to this page, in whichever language that shows, and to no words of a text. */
function isHere(link) {
  return link.origin + link.pathname === location.origin + location.pathname && !/\b(?:mode|thread)=/.test(link.search)
}

function placeAt(hash) {
  const place = document.getElementById(hash.slice(1))
  return place?.matches(PLACES) ? place : null
}

/** Pressed again, the head leads to the next of several. */
function nextConflict(hash) {
  const all = [...document.querySelectorAll(".conflict")]
  const place = placeAt(hash)
  const last = all.findIndex(({ id }) => `#${id}` === location.hash)
  return last < 0 || !all.includes(place) ? place : all[(last + 1) % all.length]
}
