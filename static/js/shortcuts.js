// Single keys for the whole page, listed in <dialog id="shortcuts">, switched off by the box in it.
//
// An element with data-key-shortcut="e" is pressed by that key; "?" opens the list.

import { quiet } from "./announce.js"

const OFF = "klimawerk.shortcuts"

export function startShortcuts() {
  document.addEventListener("keydown", pressed)
  bind("shortcuts-on", () => localStorage.getItem(OFF) !== "off", (on) => localStorage.setItem(OFF, on ? "on" : "off"))
  bind("announcements-on", () => !quiet.on, (on) => (quiet.on = !on))
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-open-shortcuts]")) open()
    if (event.target.closest("[data-close-dialog]")) event.target.closest("dialog").close()
    if (event.target.closest("[data-dismiss]")) event.target.closest(".flash")?.remove()
  })
}

function pressed(event) {
  const busy = event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || event.isComposing
  if (busy || event.target.closest("input, select, textarea, [contenteditable=true], dialog")) return
  if (localStorage.getItem(OFF) === "off") return
  if (event.key === "?") return open()
  if (!/^[a-z]$/.test(event.key)) return
  const wanted = document.querySelector(`[data-key-shortcut="${event.key}"]`)
  if (!wanted) return
  event.preventDefault()
  wanted.click()
  wanted.focus()
}

function open() {
  document.getElementById("shortcuts")?.showModal()
}

function bind(id, read, write) {
  const box = document.getElementById(id)
  if (!box) return
  box.checked = read()
  box.addEventListener("change", () => write(box.checked))
}
