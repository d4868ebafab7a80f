// The common writing language while several users have a text open: tells a user who types in another language and
// links to the common one.

import { announce } from "./announce.js"
import { goTo, reveal } from "./page-anchors.js"
import { messageText } from "./messages.js"

const TYPING = "kw-text.is-editing, kw-field[data-part]:focus-within"

let current = null

export function startWriting() {
  current = readLanguages()
  document.addEventListener("focusin", ({ target }) => {
    const text = target.closest?.(".text-body")?.closest("kw-text")
    if (text) showNote(text, counterpart(text) && "writing.elsewhere")
  })
  document.addEventListener("kw:swapped", onSwapped)
}

/** The common writing language ("" for any), its name, and the working languages. */
function readLanguages() {
  const { writing = "", writingName = "", only = "" } = document.querySelector(".languages-bar")?.dataset ?? {}
  const offered = [...document.querySelectorAll(".languages-bar [data-show-language]")]
  return { writing, writingName, all: offered.map((link) => link.dataset.showLanguage).join(" ") || only }
}

function onSwapped() {
  const { writing, all } = current
  current = readLanguages()
  if (current.writing === writing && current.all === all) return
  for (const host of document.querySelectorAll(TYPING)) {
    const removed = current.all !== all && !current.all.split(" ").includes(host.dataset.part)
    const key = removed ? "writing.gone" : counterpart(host) && "writing.changed"
    if (showNote(host, key)) announce(host.querySelector(".writing-note span").textContent, 2)
  }
}

/** Show message `key` at the text or field, with a button that leads to the common language; without a key remove the
 *  note. */
function showNote(host, key) {
  host.querySelector(".writing-note")?.remove()
  if (!key) return false
  const note = Object.assign(document.createElement("p"), { className: "text-note writing-note" })
  note.lang = document.documentElement.lang
  const sentence = document.createElement("span")
  sentence.textContent = messageText(key, { language: key === "writing.gone" ? nameOf(host.dataset.part) : current.writingName })
  note.append(sentence)
  const target = counterpart(host)
  if (target) note.append(" ", goButton(target, note))
  host.append(note)
  return true
}

function goButton(target, note) {
  const button = Object.assign(document.createElement("button"), { type: "button", className: "plain" })
  button.textContent = messageText("writing.go")
  button.addEventListener("click", () => {
    note.remove()
    reveal(target)
    target.edit ? target.edit() : goTo(target)
  })
  return button
}

/** The same text or field in the common language, if that is another one. */
function counterpart({ id, dataset }) {
  const { writing } = current
  return writing && writing !== dataset.part && document.getElementById(id.slice(0, id.lastIndexOf("-") + 1) + writing)
}

function nameOf(language) {
  return new Intl.DisplayNames(document.documentElement.lang, { type: "language" }).of(language)
}
