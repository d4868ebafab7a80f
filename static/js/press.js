// Helpers for opening and closing parts of the page by pointer or keyboard.

let pressed = false

addEventListener("pointerdown", () => (pressed = true), true)
for (const end of ["pointerup", "pointercancel"]) addEventListener(end, () => setTimeout(() => (pressed = false)), true)

/** Run `work` now, or after the click under way: what moves meanwhile would move what is being pressed. */
export function afterPress(work) {
  if (pressed) setTimeout(() => afterPress(work), 50)
  else work()
}

/** Focus the first control of `root`. */
export function focusFirst(root) {
  const controls = [...root.querySelectorAll("input:not([type=hidden]), select, textarea, button.text-edit, button")]
  controls.find((control) => control.checkVisibility())?.focus({ preventScroll: true })
}
