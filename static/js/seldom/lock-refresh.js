// Updates a sheet that was closed for editing or opened again, without touching what the user works in.

import { sameIn, setLockRefresh } from "../swap.js"

const PARTS = "kw-field, kw-text, .rows"

document.addEventListener("kw:swapped", () => {
  for (const field of document.querySelectorAll("kw-field[data-dirty]")) field.checkLock()
})

setLockRefresh({
  /** The user works where `newer` has no element: replace the parts around it one by one, and report that something was
   *  skipped. A text that nobody edits may be removed; its document keeps what is unsent. */
  parts(present, newer, protectedElements, replaceElement) {
    const idle = protectedElements.filter((element) => element.matches("kw-text:not(.is-editing)") && !sameIn(newer, element))
    idle.forEach((element) => element.remove())
    if (idle.length) return replaceElement(present, newer)
    const parts = [...present.querySelectorAll(PARTS)].filter((part) => !part.parentElement.closest(PARTS))
    for (const part of parts) {
      const fresh = part.id && sameIn(newer, part)
      if (fresh) replaceElement(part, fresh)
      else if (!protectedElements.some((element) => part.contains(element))) part.remove()
    }
    return false
  },

  /** A live text keeps its content; the server decides whether it has an edit button. */
  follow(pairs) {
    for (const [text, newer] of pairs.filter(([{ localName }]) => localName === "kw-text")) {
      const [present, fresh] = [text, newer].map((element) => element.querySelector(":scope > .text-edit"))
      text.toggleAttribute("data-write", Boolean(fresh))
      if (present && !fresh) present.remove()
      else if (fresh && !present) text.prepend(fresh.cloneNode(true))
    }
  },
})
