// Helpers for opening and closing parts of the page by pointer or keyboard.

let pressed = false
let requests = 0

addEventListener("pointerdown", ({ button, ctrlKey }) => (pressed = button === 0 && !ctrlKey), true)
// A menu of the browser or another window swallows the pointerup; then the first of these ends the press.
for (const end of ["pointerup", "pointercancel", "contextmenu", "keydown"]) addEventListener(end, released, true)
addEventListener("blur", released)

function released() {
  setTimeout(() => (pressed = false))
}

/** Run `work` now, or after the click under way: what moves meanwhile would move what is being pressed. */
export function afterPress(work) {
  if (pressed) setTimeout(() => afterPress(work), 50)
  else work()
}

/** The user wants to open `place`, which may take a while. Returns a function that says whether they still want it: they
 *  have not asked for another place, and the focus is where it was, in `place` or nowhere. */
export function requestFor(place) {
  const request = ++requests
  const from = document.activeElement
  return () => request === requests && place.isConnected && ([from, document.body].includes(document.activeElement) || place.contains(document.activeElement))
}

/** Focus the first control of `root`. */
export function focusFirst(root) {
  const controls = [...root.querySelectorAll("input:not([type=hidden]), select, textarea, button.text-edit, button")]
  controls.find((control) => control.checkVisibility())?.focus({ preventScroll: true })
}

/** Focus the pen of a closed field or row; the value where it has none, because the sheet was closed for editing. */
export function focusPen(place) {
  const pen = place.querySelector("a.pen")
  const target = pen ?? place.querySelector(".value, th, td")
  if (!pen) target?.setAttribute("tabindex", "-1")
  target?.focus({ preventScroll: true })
}
