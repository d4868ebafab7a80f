// Shows text that could not be saved, for copying, until the user dismisses it.

import { loadLaterMessages, messageText } from "./messages.js"

const shown = new Set()
let count = 0

/** Show `text` with the reason below `place()`, or at the top of the page if that is gone. */
export async function showUnsavedCopy({ place, reason, label, text, done }) {
  await loadLaterMessages()
  const element = createCopy({ reason, label, text })
  const entry = { element, place }
  element.querySelector(".offer-done").addEventListener("click", () => {
    shown.delete(entry)
    element.remove()
    done?.()
  })
  shown.add(entry)
  show(entry)
}

// Insert again what a live update has removed.
document.addEventListener("kw:swapped", () => {
  for (const entry of shown) if (!entry.element.isConnected) show(entry)
})

function show({ element, place }) {
  const target = place()
  if (target?.isConnected) target.append(element)
  else (document.querySelector("main") ?? document.body).prepend(element)
}

function createCopy({ reason, label, text }) {
  const id = `offer-${++count}`
  const element = document.createElement("div")
  element.className = "offer"
  element.setAttribute("role", "group")
  element.setAttribute("aria-labelledby", `${id}-reason`)
  const why = Object.assign(document.createElement("p"), { id: `${id}-reason`, textContent: reason })
  element.append(why, ...(text ? copyable(id, label, text) : []), button("offer-done", messageText("offer.done")))
  return element
}

/** A read-only text box with a copy button: [label, text box, button]. */
export function copyable(id, label, text) {
  const title = Object.assign(document.createElement("label"), { htmlFor: id, textContent: label })
  const box = Object.assign(document.createElement("textarea"), { id, className: "offer-words", readOnly: true })
  box.value = text
  box.rows = Math.min(8, text.split("\n").length + 1)
  return [title, box, button("offer-copy", messageText("offer.copy"), (event) => copy(box, event.target))]
}

function button(className, text, onClick) {
  const element = Object.assign(document.createElement("button"), { type: "button", className: `${className} plain`, textContent: text })
  if (onClick) element.addEventListener("click", onClick)
  return element
}

/** The Clipboard API exists only on secure addresses; execCommand works on any. */
async function copy(box, button) {
  box.select()
  try {
    await navigator.clipboard.writeText(box.value)
  } catch {
    document.execCommand("copy")
  }
  button.textContent = messageText("offer.copied")
}
