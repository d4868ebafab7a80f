// The panel beside a sheet: loads its tabs when they are needed and switches in place. Below 1200 px it is hidden, and
// opens over the sheet for writing a comment.

import { dataSaver } from "./data-saver.js"
import { createElement } from "./dom.js"
import { get, post } from "./http.js"
import { messageText } from "./messages.js"
import { whenIdle } from "./when-idle.js"

const PANEL = "aside.panel"
const BESIDE = "(min-width: 75rem)" // where panel.css shows it beside the sheet
const TABS = `${PANEL} [data-tab]`
const TO_PLACES = `${PANEL}.open a[href*="#"]:not([data-quote], [data-tab])`
const COVERED = `body > :not(.desk, dialog, #announce), .desk > :not(${PANEL})`
const READ_AGAIN = 10_000 // ms after which comments are marked as read again, if that has failed

const loading = new Map()
let onLoaded = null
let watcher = null
const read = new Set() // ids of the comments that are read, or being marked as such

/** @param loaded called with a part of the panel that has just been loaded */
export function startPanel(loaded) {
  onLoaded = loaded
  const panel = document.querySelector(PANEL)
  if (!panel) return
  document.addEventListener("click", onClick)
  document.addEventListener("click", onPlace, true) // before what the link leads to takes the focus
  document.addEventListener("pointerdown", ({ target }) => target.closest(`${PANEL}, dialog`) || closePanel())
  matchMedia(BESIDE).addEventListener("change", uncover)
  panel.addEventListener("keydown", ({ key, defaultPrevented }) => key === "Escape" && !defaultPrevented && closePanel())
  for (const sign of ["pointerover", "focusin"]) panel.addEventListener(sign, markRead)
  if (location.hash === "#missing") openTab("missing")
  else if (!dataSaver.on && matchMedia(BESIDE).matches && panel.querySelector("[data-tab=comments] .count:not([hidden])")) {
    whenIdle(() => panel.dataset.shown || openTab("comments"))
  }
}

/** Show a tab, which is loaded first; the panel need not be visible. Null if it cannot be loaded. */
export async function openTab(name) {
  const panel = document.querySelector(PANEL)
  const part = panel && (name === "missing" ? document.getElementById(name) : await loadPart(panel, name))
  if (!part) return null
  panel.dataset.shown = name
  for (const other of panel.querySelectorAll(":scope > [data-content]")) other.hidden = other !== part
  const first = panel.querySelector(".first-comment")
  if (first) first.hidden = name !== "comments"
  for (const link of document.querySelectorAll(TABS)) {
    if (link.dataset.tab === name) link.setAttribute("aria-current", "true")
    else link.removeAttribute("aria-current")
  }
  return part
}

/** Where the panel is hidden, open it over the sheet. */
export function showPanel() {
  const panel = document.querySelector(PANEL)
  if (panel.classList.contains("open") || matchMedia(BESIDE).matches) return
  panel.classList.add("open")
  const close = createElement("button", { type: "button", className: "plain neat close-panel", textContent: messageText("panel.close") })
  close.addEventListener("click", () => closePanel())
  panel.prepend(close)
  setInert(true)
  if (window.CloseWatcher) {
    watcher = new CloseWatcher() // also Android's Back
    watcher.addEventListener("close", () => closePanel())
  }
}

/** Close the panel if it was opened over the sheet. */
export function closePanel() {
  if (uncover()) document.dispatchEvent(new CustomEvent("kw:panel-closed"))
}

/** False if the panel is not over the sheet. */
function uncover() {
  const panel = document.querySelector(`${PANEL}.open`)
  if (!panel) return false
  panel.classList.remove("open")
  panel.querySelector(".close-panel").remove()
  setInert(false)
  watcher?.destroy()
  watcher = null
  return true
}

/** The keyboard does not reach what the panel covers. */
function setInert(inert) {
  for (const element of document.querySelectorAll(COVERED)) element.toggleAttribute("inert", inert)
}

function loadPart(panel, name) {
  const loaded = panel.querySelector(`[data-content="${name}"]`)
  if (loaded) return loaded
  if (!loading.has(name)) loading.set(name, fetchPart(panel, name).finally(() => loading.delete(name)))
  return loading.get(name)
}

async function fetchPart(panel, name) {
  const answer = await get(`${panel.querySelector(`[data-tab="${name}"]`).pathname}/panel`)
  if (!answer?.ok) return null
  const part = createElement("div", { data: { content: name } })
  part.innerHTML = await answer.text()
  const first = name === "comments" && panel.querySelector(".first-comment")
  const focused = first && first.contains(document.activeElement)
  if (first) first.replaceWith(part)
  else panel.append(part)
  if (focused) part.querySelector("summary")?.focus({ preventScroll: true })
  document.dispatchEvent(new CustomEvent("kw:swapped"))
  onLoaded(part)
  return part
}

function onClick(event) {
  const link = event.target.closest(TABS)
  if (!link || event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return
  event.preventDefault()
  openTab(link.dataset.tab).then((part) => part || location.assign(link.href))
}

/** A link to a place of the page: show the place. */
function onPlace(event) {
  if (event.target.closest(TO_PLACES) && !(event.button || event.ctrlKey || event.metaKey || event.shiftKey)) closePanel()
}

/** New comments in the panel count as read once the panel is used. */
async function markRead() {
  const comments = document.querySelector(`${PANEL} [data-content=comments]`)
  if (!comments?.checkVisibility()) return
  const marked = [...comments.querySelectorAll(".new")].map((mark) => mark.closest(".comment")).filter(({ id }) => !read.has(id))
  if (!marked.length) return
  marked.forEach(({ id }) => read.add(id))
  const threads = marked.map((comment) => ["thread", comment.closest(".thread").id.split("-")[1]])
  const answer = await post(`${document.querySelector("[data-tab=comments]").pathname}/read`, new URLSearchParams(threads))
  if (!answer?.ok) setTimeout(() => marked.forEach(({ id }) => read.delete(id)), READ_AGAIN)
}
