// Where each of those present is, and the way there: at their names in the page's head.

import { createElement } from "./dom.js"
import { drawNames, isMe } from "./presence.js"

export function startPresenceLinks() {
  drawNames(named)
}

/** A name; where somebody else is at a place of the programme, a link to it that says which. */
function named(person) {
  const { address, where } = isMe(person) ? {} : placeOf(person)
  if (!where?.length) return person.name
  const at = createElement("span", { className: "people-at" }, ...where)
  const link = createElement("a", { href: address, title: at.textContent, data: { person: person.id } }, person.name, " ", at)
  // Drawn anew, it is still where the keyboard was.
  if (document.activeElement?.dataset.person === person.id) queueMicrotask(() => link.focus({ preventScroll: true }))
  return link
}

/** The page by its line in the outline, the field by its label where it is on this page. */
function placeOf({ item, field, lang }) {
  const [kind, number] = item.split(":")
  const path = `/${kind}s/${number}`
  const address = field ? `${path}${lang ? `?show=${lang}` : ""}#${field}` : path
  return { address, where: item === document.body.dataset.item ? labelOf(field) : titleOf(path) }
}

/** Its code and its title, which say in what language they are. There is room for the code alone. */
function titleOf(path) {
  const parts = [...document.querySelectorAll(`.outline a[href="${path}"] > :not(.outline-state)`)].map((part) => part.cloneNode(true))
  for (const title of parts.slice(1)) title.className = "unseen"
  return parts.flatMap((part) => [part, " "]).slice(0, -1)
}

function labelOf(field) {
  const place = document.getElementById(field)
  const label = place?.dataset.label ?? place?.querySelector(".label, legend")?.textContent ?? ""
  return [label.replace(/\s+/g, " ").trim()].filter(Boolean)
}
