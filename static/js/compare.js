// Navigation between the changes of a comparison page, by button or key.

const changes = [...document.querySelectorAll(".change")]
let at = -1

for (const line of document.querySelectorAll(".stepping")) line.hidden = changes.length === 0
for (const button of document.querySelectorAll("[data-step]")) {
  button.addEventListener("click", () => step(Number(button.dataset.step)))
}
document.addEventListener("focusin", (event) => {
  const inside = changes.indexOf(event.target.closest(".change"))
  if (inside >= 0) at = inside
})

/** Focus the change, so that a screen reader reads it. Delayed, since a shortcut key focuses its button afterwards. */
function step(by) {
  at = Math.min(Math.max(at + by, 0), changes.length - 1)
  setTimeout(() => {
    changes[at]?.focus({ preventScroll: true })
    changes[at]?.scrollIntoView({ block: "start" })
  })
}
