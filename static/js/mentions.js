// Calling somebody by name: after an @ a list of names stands below the box, for arrow keys, Enter and Escape.

import { createElement } from "./dom.js"
import { get } from "./http.js"
import { messageText } from "./messages.js"

const BOX = "textarea[data-mentions]"
const MOST = 8

// An @ that begins a word, and what is typed of the name so far.
const CALL = /\B@(?! )([^@\n]*)$/

const known = {}
let list = null

export function startMentions() {
  document.addEventListener("input", ({ target }) => target.matches(BOX) && look(target))
  document.addEventListener("keydown", pressed, true)
  document.addEventListener("focusout", ({ target }) => target.matches(BOX) && close())
}

async function look(box) {
  const typed = callIn(box)
  if (typed == null) return close()
  const { people = [], alike } = await namesFor(box)
  if (callIn(box) !== typed || document.activeElement !== box) return
  const found = people.filter(({ name }) => fold(name, alike).includes(fold(typed, alike)) && name !== typed)
  close()
  if (found.length) open(box, found.slice(0, MOST), typed)
}

/** What of a name stands before the caret; null where nobody is being called. */
function callIn({ value, selectionStart }) {
  return CALL.exec(value.slice(0, selectionStart))?.[1]
}

/** The words of a text behind a blank each, as klimawerk/folding.py folds them; `alike`: its table of letters and signs. */
function fold(text, alike) {
  const letters = ` ${text}`.normalize("NFKD").toLowerCase()
  return letters.replace(/./g, (letter) => alike[letter] ?? letter).replace(/ +/g, " ").replace(/([aou])e/g, "$1")
}

/** Whom the thread can be seen by (a new one for one's own side is not for the others), and what is alike in names. */
async function namesFor(box) {
  const address = box.dataset.mentions + (box.form.elements.side?.value ? "?side=own" : "")
  const answer = known[address] ? null : await get(address)
  if (answer?.ok) known[address] = await answer.json()
  return known[address] ?? {}
}

function open(box, found, typed) {
  const options = found.map(({ name, place }, i) => {
    const option = createElement("li", { id: `${box.id}-mention-${i}`, role: "option", data: { name }, textContent: `${name}, ${place}` })
    option.addEventListener("pointerdown", (event) => (event.preventDefault(), choose(option)))
    return option
  })
  const element = createElement("ul", { id: `${box.id}-mentions`, className: "mentions", role: "listbox", ariaLabel: messageText("comments.people") }, ...options)
  box.after(element)
  box.setAttribute("aria-controls", element.id)
  box.setAttribute("aria-autocomplete", "list")
  list = { box, element, options, typed, at: 0 }
  point(0)
  element.scrollIntoView({ block: "nearest" })
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
