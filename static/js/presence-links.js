// Links from the names of present users in the page's head to where each of them is.

import { createElement } from "./dom.js"
import { drawNames, isMe } from "./presence.js"
import { rowOfCell } from "./sheet-forms.js"

export function startPresenceLinks() {
  drawNames(nameLink)
}

/** The name; for another user at a place of the programme as a link that names the place. */
function nameLink(person) {
  const { address, where } = isMe(person) ? {} : placeOf(person)
  if (!where?.length) return person.name
  const at = createElement("span", { className: "people-at" }, ...where)
  const link = createElement("a", { href: address, title: at.textContent, data: { person: person.id } }, person.name, " ", at)
  // Keep the keyboard focus when the names are drawn again.
  if (document.activeElement?.dataset.person === person.id) queueMicrotask(() => link.focus({ preventScroll: true }))
  return link
}

/** The address of a person's page and the name of their place: from the outline for a page, from the label for a field
 *  of this page. */
function placeOf({ item, field, lang }) {
  const [kind, number] = item.split(":")
  const path = `/${kind}s/${number}`
  const address = field ? `${path}${lang ? `?show=${lang}` : ""}#${field}` : path
  return { address, where: item === document.body.dataset.item ? labelOf(field) : titleOf(path) }
}

/** Code and title from the outline. Only the code is visible: there is no room for more. */
function titleOf(path) {
  const link = document.querySelector(`.outline a[href="${path}"]`)
  if (!link) return []
  const title = link.querySelector(":scope > [lang]").cloneNode(true)
  for (const part of title.querySelectorAll(".code, .unseen")) part.remove()
  const unseen = createElement("span", { className: "unseen", lang: title.lang, textContent: title.textContent.trim() })
  return [link.querySelector(".code").cloneNode(true), " ", unseen]
}

function labelOf(field) {
  const place = document.getElementById(field) ?? rowOfCell(field)?.closest(".rows")
  const label = place?.dataset.label ?? place?.querySelector(".label, legend, h3")?.textContent ?? ""
  return [label.replace(/\s+/g, " ").trim()].filter(Boolean)
}
