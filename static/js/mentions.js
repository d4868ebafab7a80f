// Calling somebody by name: after an @ a list of names stands below the box, for arrow keys, Enter and Escape.

import { build } from "./build.js"
import { get } from "./http.js"
import { word } from "./words.js"

const BOX = "textarea[data-mentions]"
const MOST = 8

// An @ that begins a word, and what is typed of the name so far.
const CALL = /(?:^|[^\p{L}\p{N}])@([\p{L}\p{M}'.-]*(?: [\p{L}\p{M}'.-]*){0,3})$/u

const known = new Map()
let list = null

export function startMentions() {
  document.addEventListener("input", ({ target }) => target.matches(BOX) && look(target))
  document.addEventListener("keydown", pressed, true)
  document.addEventListener("focusout", ({ target }) => target.matches(BOX) && close())
}

async function look(box) {
  const typed = callIn(box)
  if (typed === null) return close()
  const people = await peopleOf(box)
  if (callIn(box) !== typed || document.activeElement !== box) return
  const wanted = typed.toLocaleLowerCase()
  const found = people.filter(({ name }) => startsLike(name.toLocaleLowerCase(), wanted) && name !== typed)
  if (found.length) open(box, found.slice(0, MOST), typed)
  else close()
}

/** What of a name stands before the caret; null where nobody is being called. */
function callIn({ value, selectionStart }) {
  return CALL.exec(value.slice(0, selectionStart))?.[1] ?? null
}

/** By the first or any later part of the name. */
function startsLike(name, wanted) {
  return name.startsWith(wanted) || name.includes(` ${wanted}`)
}

/** Whom the thread can be seen by: a new one for one's own side is not for the others. */
async function peopleOf(box) {
  const own = box.form.elements.side?.value ? "?side=own" : ""
  const address = box.dataset.mentions + own
  if (!known.has(address)) {
    const answer = await get(address)
    if (!answer?.ok) return []
    known.set(address, await answer.json())
  }
  return known.get(address)
}

function open(box, found, typed) {
  close()
  const options = found.map(({ name, place }, i) => {
    const option = build("li", { id: `${box.id}-mention-${i}`, role: "option", data: { name }, textContent: `${name}, ${place}` })
    option.addEventListener("pointerdown", (event) => (event.preventDefault(), choose(option)))
    return option
  })
  const element = build("ul", { id: `${box.id}-mentions`, className: "mentions", role: "listbox", ariaLabel: word("comments.people") }, ...options)
  box.after(element)
  box.setAttribute("aria-controls", element.id)
  box.setAttribute("aria-autocomplete", "list")
  list = { box, element, options, typed, at: 0 }
  point(0)
}

function close() {
  if (!list) return
  list.element.remove()
  for (const name of ["aria-controls", "aria-autocomplete", "aria-activedescendant"]) list.box.removeAttribute(name)
  list = null
}

function pressed(event) {
  if (!list || event.target !== list.box || event.isComposing) return
  if (event.key === "ArrowDown") point(list.at + 1)
  else if (event.key === "ArrowUp") point(list.at - 1)
  else if (event.key === "Enter" || event.key === "Tab") choose(list.options[list.at])
  else if (event.key === "Escape") close()
  else return
  event.preventDefault()
  event.stopPropagation()
}

function point(at) {
  const { box, options } = list
  list.at = (at + options.length) % options.length
  options.forEach((option, i) => option.setAttribute("aria-selected", i === list.at))
  box.setAttribute("aria-activedescendant", options[list.at].id)
}

/** The whole name stands in the place of what was typed of it. */
function choose({ dataset }) {
  const { box, typed } = list
  const end = box.selectionStart
  close()
  box.setRangeText(`${dataset.name} `, end - typed.length, end, "end")
  box.dispatchEvent(new Event("input", { bubbles: true }))
}
