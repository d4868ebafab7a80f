// A sheet is drawn anew because it was closed for editing, or opened: what somebody works in stays where it is.

import { relockBy, within } from "../swap.js"

const PARTS = "kw-field, kw-text, .rows"

document.addEventListener("kw:swapped", () => {
  for (const field of document.querySelectorAll("kw-field[data-dirty]")) field.heed()
})

relockBy({
  /** Somebody works where `newer` has nothing: the parts around them are put one by one. Something stays owed. A text
   *  that nobody is in can go; its document knows what of it is not sent. */
  parts(present, newer, held, put) {
    const idle = held.filter((element) => element.matches("kw-text:not(.is-editing)") && !within(newer, element))
    idle.forEach((element) => element.remove())
    if (idle.length) return put(present, newer)
    const parts = [...present.querySelectorAll(PARTS)].filter((part) => !part.parentElement.closest(PARTS))
    for (const part of parts) {
      const fresh = part.id && within(newer, part)
      if (fresh) put(part, fresh)
      else if (!held.some((element) => part.contains(element))) part.remove()
    }
    return false
  },

  /** A live text keeps its words; whether there is a way into them is the server's to say. */
  follow(pairs) {
    for (const [text, newer] of pairs.filter(([{ localName }]) => localName === "kw-text")) {
      const [there, fresh] = [text, newer].map((one) => one.querySelector(":scope > .text-edit"))
      text.toggleAttribute("data-write", Boolean(fresh))
      if (there && !fresh) there.remove()
      else if (fresh && !there) text.prepend(fresh.cloneNode(true))
    }
  },
})
