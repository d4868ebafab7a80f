// Keyboard shortcuts of the page (single keys), listed in <dialog id="shortcuts"> and switched off by its checkbox.
//
// An element with data-key-shortcut="e" is clicked by that key; "?" opens the list.

import { quiet } from "./announce.js"

const SETTING = "klimawerk.shortcuts"

export function startShortcuts() {
  document.addEventListener("keydown", onKeydown)
  bind("shortcuts-on", () => localStorage.getItem(SETTING) !== "off", (on) => localStorage.setItem(SETTING, on ? "on" : "off"))
  bind("announcements-on", () => !quiet.on, (on) => (quiet.on = !on))
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-open-shortcuts]")) open()
    if (event.target.closest("[data-close-dialog]")) event.target.closest("dialog").close()
    if (event.target.closest("[data-dismiss]")) event.target.closest(".flash")?.remove()
  })
}

function onKeydown(event) {
  const ignored = event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || event.isComposing
  if (ignored || event.target.closest("input, select, textarea, [contenteditable=true], dialog")) return
  if (localStorage.getItem(SETTING) === "off") return
  if (event.key === "?") return open()
  if (!/^[a-z]$/.test(event.key)) return
  const target = document.querySelector(`[data-key-shortcut="${event.key}"]`)
  if (!target) return
  event.preventDefault()
  target.click()
  target.focus()
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
