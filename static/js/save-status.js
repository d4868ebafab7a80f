// Save status of texts, fields and rows: shown at each field and in the frame of the page.
//
// A key names what is unsaved ("text measure:7 description.en", "field f-7-priority"); `place` finds its element.

import { announce } from "./announce.js"
import { connection } from "./connection.js"
import { drawBar, startBar } from "./save-bar.js"
import { device } from "./store/device.js"
import { unstoredPlans, stateOf, watchStoring } from "./store/store-access.js"
import { STORING } from "./wire.js"
import { clock, countedMessage, loadLaterMessages, messageText } from "./messages.js"

// ms before the state "waiting" is shown: saving usually takes less.
const SHOW_DELAY = 1_500

const entries = new Map()
let leavingAgreed = false
let otherPages = { waiting: 0, stuck: 0 }
let started = false
let serverStores = true // whether the server can store anything
let unsafe = false // whether closing the page would lose something

export const saveStatus = {
  /** `key` is not on the server yet. @param plan the key under which the browser stores it */
  waiting(key, place, plan = key) {
    const entry = entries.get(key)
    if (entry?.state === "waiting") return
    clearTimeout(entry?.timer)
    const timer = setTimeout(() => drawField(key), SHOW_DELAY)
    entries.set(key, { state: "waiting", place, plan, timer, since: performance.now() })
  },

  /** The server has stored everything of `key`. */
  saved(key) {
    setState(key, "saved")
  },

  /** The server refused it; a message, or the text for copying, is shown at the field. */
  refused(key, place) {
    setState(key, "refused", place)
  },

  /** Remove the status of `key`. */
  forget(key) {
    clearTimeout(entries.get(key)?.timer)
    entries.delete(key)
    renderSaveState()
  },

  /** Number of texts and fields of this page that wait. */
  get count() {
    return [...entries.values()].filter((entry) => entry.state === "waiting").length
  },

  /** Number of texts and fields of other pages in this browser's store, sendable or not. */
  get otherPages() {
    return otherPages.waiting + otherPages.stuck
  },

  /** The user has agreed to leave: do not ask again. */
  allowLeaving() {
    leavingAgreed = true
  },

  /** Set the counts of other pages in this browser's store: `waiting` to be sent, `stuck` not sendable any more. */
  setOtherPages({ waiting, stuck }) {
    if (otherPages.waiting === waiting && otherPages.stuck === stuck) return
    otherPages = { waiting, stuck }
    renderSaveState()
  },
}

/** Show the save status from now on, and ask before the page is left while something is unsaved. */
export function startSaving() {
  started = startBar()
  connection.on(STORING, onServerStoring)
  connection.watch((state) => {
    if (state !== "online") serverStores = true // the server sends STORING again
    for (const key of entries.keys()) drawField(key)
    renderSaveState()
    if (state === "offline") announce(headSentence().text, 2)
  })
  watchStoring(onStoringChanged)
  window.addEventListener("beforeunload", (event) => {
    if (!leavingAgreed && (saveStatus.count || unstoredPlans().length || document.querySelector("kw-field[data-dirty]"))) event.preventDefault()
  })
}

/** Draw the status in the frame of the page; also after the page's content has changed. */
export function renderSaveState() {
  if (!started) return
  drawBar(headSentence())
  document.dispatchEvent(new CustomEvent("kw:saving"))
}

/** Show the status again in an element that was drawn again. */
export function redraw(element) {
  for (const [key, entry] of entries) if (entry.place() === element && entry.state !== "saved") drawField(key)
}

/** Redraw where a status is shown already, or where text would be lost with the page. */
function onStoringChanged() {
  for (const [key, { shown, plan }] of entries) {
    if (shown || (stateOf(plan) === "unkept" && !connection.online)) drawField(key)
  }
  renderSaveState()
  const wasUnsafe = unsafe
  unsafe = isUnsafe()
  if (unsafe !== wasUnsafe) announce(headSentence().text, 2)
  else if (!unsafe && unstoredPlans().some(({ failed }) => failed)) setTimeout(onStoringChanged, SHOW_DELAY)
}

/** On a good connection the server has it before this matters. */
function isUnsafe() {
  return unstoredPlans().some(({ failed, since }) => failed && (!connection.online || Date.now() - since >= SHOW_DELAY))
}

async function onServerStoring(answer) {
  await loadLaterMessages()
  if (serverStores === answer.able) return
  serverStores = answer.able
  renderSaveState()
  announce(headSentence().text, 2)
}

function setState(key, state, place) {
  const entry = entries.get(key)
  if (!entry && state === "saved") return
  clearTimeout(entry?.timer)
  const wasShown = state === "saved" && performance.now() - entry.since > SHOW_DELAY
  entries.set(key, { state, place: place ?? entry.place, since: performance.now(), shown: entry?.shown })
  drawField(key)
  if (wasShown && !saveStatus.count) announce(messageText("saved"), 2)
  if (state === "refused") announce(messageText("refused"), 2)
}

function drawField(key) {
  renderSaveState()
  const entry = entries.get(key)
  const element = entry?.place?.()
  if (!element || (entry.state === "saved" && !entry.shown && element.localName === "kw-field")) return
  entry.shown = entry.state === "waiting"
  const line = lineIn(element)
  line.hidden = false
  line.dataset.state = entry.state
  line.textContent = fieldSentence(entry)
}

function fieldSentence(entry) {
  const storing = stateOf(entry.plan)
  if (entry.state === "waiting") return messageText(storing !== "kept" ? storing : connection.online ? "field.waiting" : "field.offline")
  return messageText(`field.${entry.state}`)
}

function lineIn(element) {
  const existing = element.querySelector(":scope > .field-state")
  if (existing) return existing
  const line = document.createElement("p")
  line.className = "field-state"
  element.append(line)
  return line
}

function headSentence() {
  const n = saveStatus.count + otherPages.waiting
  const unsafeNow = isUnsafe()
  const waiting = unsafeNow ? messageText("unkept") : n && unstoredPlans().length ? messageText("keeping") : n ? countedMessage("waiting", n) : ""
  if (connection.state === "offline") {
    const offline = messageText("offline", { time: clock(connection.since) })
    return { state: "offline", text: waiting ? `${offline} ${waiting}` : offline }
  }
  if (!serverStores) {
    return { state: "waiting", n, text: [messageText("unable"), waiting, waiting || device.shared ? "" : messageText("unable.keep")].join(" ").trim() }
  }
  if (unsafeNow) return { state: "refused", text: waiting }
  const refused = [...entries.values()].find((entry) => entry.state === "refused")
  if (refused) return { state: "refused", text: messageText("refused"), at: refused.place?.() }
  const overdue = [...entries.values()].some((e) => e.state === "waiting" && performance.now() - e.since >= SHOW_DELAY)
  if (overdue || otherPages.waiting) return { state: "waiting", n, text: waiting }
  if (otherPages.stuck) return { state: "refused", text: countedMessage("stuck", otherPages.stuck) }
  const conflicts = document.querySelectorAll(".conflict")
  if (conflicts.length) return { state: "conflict", n: conflicts.length, text: countedMessage("conflict", conflicts.length), at: conflicts[0] }
  return connection.online ? { state: "saved", text: messageText("saved") } : { state: "connecting", text: messageText("connecting") }
}
