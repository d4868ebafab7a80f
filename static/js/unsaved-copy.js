// Words that could not be saved stay in sight, to be copied, until the person has seen to them.

import { loadLaterMessages, messageText } from "./messages.js"

const offers = new Set()
let made = 0

/** Show `text` for copying below `place()` (or at the head of the page once that is gone), with the reason. */
export async function showUnsavedCopy({ place, reason, label, text, done }) {
  await loadLaterMessages()
  const element = built({ reason, label, text })
  const entry = { element, place }
  element.querySelector(".offer-done").addEventListener("click", () => {
    offers.delete(entry)
    element.remove()
    done?.()
  })
  offers.add(entry)
  show(entry)
}

// A live update may sweep an offer away: it comes back.
document.addEventListener("kw:swapped", () => {
  for (const entry of offers) if (!entry.element.isConnected) show(entry)
})

function show({ element, place }) {
  const home = place()
  if (home?.isConnected) home.append(element)
  else (document.querySelector("main") ?? document.body).prepend(element)
}

function built({ reason, label, text }) {
  const id = `offer-${++made}`
  const element = document.createElement("div")
  element.className = "offer"
  element.setAttribute("role", "group")
  element.setAttribute("aria-labelledby", `${id}-reason`)
  const why = Object.assign(document.createElement("p"), { id: `${id}-reason`, textContent: reason })
  element.append(why, ...(text ? copyable(id, label, text) : []), button("offer-done", messageText("offer.done")))
  return element
}

/** Words to read and copy: [label, text box, button]. */
export function copyable(id, label, text) {
  const title = Object.assign(document.createElement("label"), { htmlFor: id, textContent: label })
  const words = Object.assign(document.createElement("textarea"), { id, className: "offer-words", readOnly: true })
  words.value = text
  words.rows = Math.min(8, text.split("\n").length + 1)
  return [title, words, button("offer-copy", messageText("offer.copy"), (event) => copy(words, event.target))]
}

function button(className, text, onClick) {
  const element = Object.assign(document.createElement("button"), { type: "button", className: `${className} plain`, textContent: text })
  if (onClick) element.addEventListener("click", onClick)
  return element
}

/** Browsers offer their clipboard only on secure addresses; the old way works on any. */
async function copy(words, button) {
  words.select()
  try {
    await navigator.clipboard.writeText(words.value)
  } catch {
    document.execCommand("copy")
  }
  button.textContent = messageText("offer.copied")
}
