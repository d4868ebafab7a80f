// One writing language while several people have a text open: who begins to type elsewhere is shown the way.

import { word } from "./words.js"

export function startWriting() {
  document.addEventListener("focusin", ({ target }) => {
    const text = target.closest?.(".text-body")?.closest("kw-text")
    if (text) point(text, document.querySelector("[data-writing]")?.dataset)
  })
}

function point(text, bar) {
  text.querySelector(".writing-note")?.remove()
  const there = bar && bar.writing !== text.lang && sibling(text, bar.writing)
  if (!there) return
  const note = Object.assign(document.createElement("p"), { className: "text-note writing-note" })
  const button = Object.assign(document.createElement("button"), { type: "button", className: "plain" })
  button.textContent = word("writing.go")
  button.addEventListener("click", () => {
    note.remove()
    reveal(there)
    there.edit()
  })
  note.append(word("writing.elsewhere", { language: bar.writingName }), " ", button)
  note.lang = document.documentElement.lang
  text.append(note)
}

function sibling(text, language) {
  return document.getElementById(text.id.slice(0, text.id.lastIndexOf("-") + 1) + language)
}

/** On a narrow screen one language is shown at a time: the text's own. */
export function reveal(text) {
  if (!text.checkVisibility()) document.querySelector(`[data-show-language="${CSS.escape(text.lang)}"]`)?.click()
}
