// Stepping from change to change on the page of a comparison, by button or key.

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

/** The change takes the focus, so that a screen reader tells it; a key leaves the focus on its button first. */
function step(by) {
  at = Math.min(Math.max(at + by, 0), changes.length - 1)
  setTimeout(() => {
    changes[at]?.focus({ preventScroll: true })
    changes[at]?.scrollIntoView({ block: "start" })
  })
}
