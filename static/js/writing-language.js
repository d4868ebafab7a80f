// One writing language while several people have a text open: who types elsewhere is told, and shown the way.

import { announce } from "./announce.js"
import { goTo, reveal } from "./page-anchors.js"
import { messageText } from "./messages.js"

const TYPING = "kw-text.is-editing, kw-field[data-part]:focus-within"

let before = null

export function startWriting() {
  before = now()
  document.addEventListener("focusin", ({ target }) => {
    const text = target.closest?.(".text-body")?.closest("kw-text")
    if (text) tell(text, elsewhere(text) && "writing.elsewhere")
  })
  document.addEventListener("kw:swapped", changed)
}

/** What everybody writes in ("" for any language), its name, and the working languages. */
function now() {
  const { writing = "", writingName = "", only = "" } = document.querySelector(".languages-bar")?.dataset ?? {}
  const offered = [...document.querySelectorAll(".languages-bar [data-show-language]")]
  return { writing, writingName, all: offered.map((link) => link.dataset.showLanguage).join(" ") || only }
}

function changed() {
  const { writing, all } = before
  before = now()
  if (before.writing === writing && before.all === all) return
  for (const host of document.querySelectorAll(TYPING)) {
    const gone = before.all !== all && !before.all.split(" ").includes(host.dataset.part)
    const key = gone ? "writing.gone" : elsewhere(host) && "writing.changed"
    if (tell(host, key)) announce(host.querySelector(".writing-note span").textContent, 2)
  }
}

/** Show sentence `key` at the text or field, with the way to where everybody writes; nothing without a key. */
function tell(host, key) {
  host.querySelector(".writing-note")?.remove()
  if (!key) return false
  const note = Object.assign(document.createElement("p"), { className: "text-note writing-note" })
  note.lang = document.documentElement.lang
  const sentence = document.createElement("span")
  sentence.textContent = messageText(key, { language: key === "writing.gone" ? nameOf(host.dataset.part) : before.writingName })
  note.append(sentence)
  const there = elsewhere(host)
  if (there) note.append(" ", way(there, note))
  host.append(note)
  return true
}

function way(there, note) {
  const button = Object.assign(document.createElement("button"), { type: "button", className: "plain" })
  button.textContent = messageText("writing.go")
  button.addEventListener("click", () => {
    note.remove()
    reveal(there)
    there.edit ? there.edit() : goTo(there)
  })
  return button
}

/** The same text or field in the language that everybody writes in, where that is another one. */
function elsewhere({ id, dataset }) {
  const { writing } = before
  return writing && writing !== dataset.part && document.getElementById(id.slice(0, id.lastIndexOf("-") + 1) + writing)
}

function nameOf(language) {
  return new Intl.DisplayNames(document.documentElement.lang, { type: "language" }).of(language)
}
