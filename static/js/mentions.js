// Autocomplete for mentions: after "@" a list of names is shown below the text box, operated by arrow keys, Enter, Tab
// and Escape.

import { createElement } from "./dom.js"
import { get } from "./http.js"
import { messageText } from "./messages.js"

const BOX = "textarea[data-mentions]"
const MOST = 8

// "@" at the beginning of a word, and what has been typed of the name.
const MENTION = /\B@(?! )([^@\n]*)$/

const responses = {}
let list = null

export function startMentions() {
  document.addEventListener("input", ({ target }) => target.matches(BOX) && suggest(target))
  document.addEventListener("keydown", onKeydown, true)
  document.addEventListener("focusout", ({ target }) => target.matches(BOX) && close())
  if (document.activeElement.matches(BOX)) suggest(document.activeElement)
}

async function suggest(box) {
  const typed = mentionIn(box)
  if (typed == null) return close()
  const { people = [], alike } = await namesFor(box)
  if (mentionIn(box) !== typed || document.activeElement !== box) return
  const matches = people.filter(({ name }) => fold(name, alike).includes(fold(typed, alike)) && name !== typed)
  close()
  if (matches.length) open(box, matches.slice(0, MOST), typed)
}

/** What has been typed of a name before the caret; undefined where there is no mention. */
function mentionIn({ value, selectionStart }) {
  return MENTION.exec(value.slice(0, selectionStart))?.[1]
}

/** Normalises `text` for comparison, each word after a blank, as klimawerk/folding.py does; `alike` is its table of
 *  characters. */
function fold(text, alike) {
  const characters = ` ${text}`.normalize("NFKD").toLowerCase()
  return characters.replace(/./g, (character) => alike[character] ?? character).replace(/ +/g, " ").replace(/([aou])e/g, "$1")
}

/** The members who can see the thread (a new thread for one side: only that side), and the folding table. */
async function namesFor(box) {
  const address = box.dataset.mentions + (box.form.elements.side?.value ? "?side=own" : "")
  const answer = responses[address] ? null : await get(address)
  if (answer?.ok) responses[address] = await answer.json()
  return responses[address] ?? {}
}

function open(box, matches, typed) {
  const options = matches.map(({ name, place }, i) => {
    const option = createElement("li", { id: `${box.id}-mention-${i}`, role: "option", data: { name }, textContent: `${name}, ${place}` })
    option.addEventListener("pointerdown", (event) => (event.preventDefault(), choose(option)))
    return option
  })
  const element = createElement("ul", { id: `${box.id}-mentions`, className: "mentions", role: "listbox", ariaLabel: messageText("comments.people") }, ...options)
  box.after(element)
  box.setAttribute("aria-controls", element.id)
  box.setAttribute("aria-autocomplete", "list")
  list = { box, element, options, typed, at: 0 }
  select(0)
  element.scrollIntoView({ block: "nearest" })
}

function close() {
  if (!list) return
  list.element.remove()
  for (const name of ["aria-controls", "aria-autocomplete", "aria-activedescendant"]) list.box.removeAttribute(name)
  list = null
}

function onKeydown(event) {
  if (!list || event.target !== list.box || event.isComposing) return
  if (event.key === "ArrowDown") select(list.at + 1)
  else if (event.key === "ArrowUp") select(list.at - 1)
  else if (event.key === "Enter" || event.key === "Tab") choose(list.options[list.at])
  else if (event.key === "Escape") close()
  else return
  event.preventDefault()
  event.stopPropagation()
}

function select(at) {
  const { box, options } = list
  list.at = (at + options.length) % options.length
  options.forEach((option, i) => option.setAttribute("aria-selected", i === list.at))
  box.setAttribute("aria-activedescendant", options[list.at].id)
}

/** Replace what was typed by the whole name. */
function choose({ dataset }) {
  const { box, typed } = list
  const end = box.selectionStart
  close()
  box.setRangeText(`${dataset.name} `, end - typed.length, end, "end")
  box.dispatchEvent(new Event("input", { bubbles: true }))
}
