// Navigation between the changes of a comparison page, by button or key.

const changes = [...document.querySelectorAll(".change")]
const steps = document.querySelector(".steps")
const labels = document.querySelectorAll("[data-at]")
const menu = steps?.querySelector("details")
const total = labels[0]?.textContent
let at = -1

for (const button of document.querySelectorAll("[data-step]")) {
  button.hidden = false
  button.addEventListener("click", () => step(Number(button.dataset.step)))
}
menu?.addEventListener("click", ({ target }) => target.closest("a") && (menu.open = false))
menu?.addEventListener("keydown", ({ key }) => key === "Escape" && (menu.open = false))
document.addEventListener("focusin", ({ target }) => target.closest(".change") && show(changes.indexOf(target.closest(".change"))))
document.addEventListener("scroll", () => requestAnimationFrame(() => show(inView())), { passive: true })

/** The change that is read: the focused one while it is in sight, else the one at the upper edge; -1 above the first. */
function inView() {
  const focused = changes.indexOf(document.activeElement.closest(".change"))
  const box = changes[focused]?.getBoundingClientRect()
  if (box && box.bottom > 0 && box.top < innerHeight) return focused
  return changes.findLastIndex((change) => change.getBoundingClientRect().top < innerHeight / 4)
}

/** Focus the change, so that a screen reader reads it. Delayed, since a shortcut key focuses its button afterwards. */
function step(by) {
  const next = Math.min(Math.max(at + by, 0), changes.length - 1)
  setTimeout(() => {
    changes[next]?.focus({ preventScroll: true })
    changes[next]?.scrollIntoView({ block: "start" })
  })
}

function show(index) {
  at = index
  const position = steps?.dataset.position.replace("{at}", at + 1).replace("{count}", changes.length)
  for (const label of labels) label.textContent = at < 0 ? total : position
}
