// The state of saving, in words: at each field and in the page's head. One registry for texts, fields and rows.
//
// A key names what waits ("text measure:7 description.en", "field f-7-priority"); `place` finds its element.

import { announce } from "./announce.js"
import { connection } from "./connection.js"
import { device } from "./store/device.js"
import { unstoredPlans, stateOf, watchStoring } from "./store/store-access.js"
import { STORING } from "./wire.js"
import { clock, countedMessage, loadLaterMessages, messageText } from "./messages.js"

// Saving usually takes a moment; only what takes longer is worth a word.
const WORTH_A_WORD = 1_500

const entries = new Map()
let leaving = false
let kept = { waiting: 0, stuck: 0 }
let head = null
let words = null
let able = true // whether the server can store anything
let lost = false // whether something would be lost with the page

export const saveStatus = {
  /** Words that are not on the server yet. @param plan under which key the browser keeps them */
  waiting(key, place, plan = key) {
    const entry = entries.get(key)
    if (entry?.state === "waiting") return
    clearTimeout(entry?.timer)
    const timer = setTimeout(() => paint(key), WORTH_A_WORD)
    entries.set(key, { state: "waiting", place, plan, timer, since: performance.now() })
  },

  /** Everything of `key` is on disk. */
  saved(key) {
    settle(key, "saved")
  },

  /** The server said no, with a message or the words to copy standing at the field. */
  refused(key, place) {
    settle(key, "refused", place)
  },

  /** Nothing is to be said of `key` any more. */
  forget(key) {
    clearTimeout(entries.get(key)?.timer)
    entries.delete(key)
    renderSaveState()
  },

  /** How many texts and fields of this page wait. */
  get count() {
    return [...entries.values()].filter((entry) => entry.state === "waiting").length
  },

  /** How much this browser has kept of other pages, whether it can be sent or not. */
  get kept() {
    return kept.waiting + kept.stuck
  },

  /** The person has been asked already: leaving the page is not asked about again. */
  letGo() {
    leaving = true
  },

  /** What this browser has kept of other pages: how much waits, and how much can no longer be sent. */
  beside({ waiting, stuck }) {
    if (kept.waiting === waiting && kept.stuck === stuck) return
    kept = { waiting, stuck }
    renderSaveState()
  },
}

/** Show the page's state from now on, and ask before the page is left while something waits. */
export function startSaving() {
  head = document.getElementById("save-state")
  head?.setAttribute("aria-live", "off") // the announcer speaks, calmly
  connection.on(STORING, storing)
  connection.watch((state) => {
    if (state !== "online") able = true // the server says it again
    for (const key of entries.keys()) paint(key)
    renderSaveState()
    if (state === "offline") announce(headSentence().text, 2)
  })
  watchStoring(keepingChanged)
  window.addEventListener("beforeunload", (event) => {
    if (!leaving && (saveStatus.count || unstoredPlans().length || document.querySelector("kw-field[data-dirty]"))) event.preventDefault()
  })
}

/** Draw the head anew, after the page's content has changed. */
export function renderSaveState() {
  if (!head) return
  const { state, text, at } = headSentence()
  words ??= head.appendChild(document.createElement("a"))
  if (words.textContent !== text) words.textContent = text
  if (at?.id) words.href = `#${at.id}`
  else words.removeAttribute("href")
  head.dataset.state = state
  document.dispatchEvent(new CustomEvent("kw:saving"))
}

/** Put the words of saving back into an element that was just drawn anew. */
export function repaint(element) {
  for (const [key, entry] of entries) if (entry.place() === element && entry.state !== "saved") paint(key)
}

/** Whether words are kept is said where they have had a word already, or where they would be lost with the page. */
function keepingChanged() {
  for (const [key, { shown, plan }] of entries) {
    if (shown || (stateOf(plan) === "unkept" && !connection.online)) paint(key)
  }
  renderSaveState()
  const before = lost
  lost = unkept()
  if (lost !== before) announce(headSentence().text, 2)
  else if (!lost && unstoredPlans().some(({ failed }) => failed)) setTimeout(keepingChanged, WORTH_A_WORD)
}

/** On a good line it is saved before that is worth a word. */
function unkept() {
  return unstoredPlans().some(({ failed, since }) => failed && (!connection.online || Date.now() - since >= WORTH_A_WORD))
}

async function storing(answer) {
  await loadLaterMessages()
  if (able === answer.able) return
  able = answer.able
  renderSaveState()
  announce(headSentence().text, 2)
}

function settle(key, state, place) {
  const entry = entries.get(key)
  if (!entry && state === "saved") return
  clearTimeout(entry?.timer)
  const slow = state === "saved" && performance.now() - entry.since > WORTH_A_WORD
  entries.set(key, { state, place: place ?? entry.place, since: performance.now(), shown: entry?.shown })
  paint(key)
  if (slow && !saveStatus.count) announce(messageText("saved"), 2)
  if (state === "refused") announce(messageText("refused"), 2)
}

function paint(key) {
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
  const kept = stateOf(entry.plan)
  if (entry.state === "waiting") return messageText(kept !== "kept" ? kept : connection.online ? "field.waiting" : "field.offline")
  return messageText(`field.${entry.state}`)
}

function lineIn(element) {
  const found = element.querySelector(":scope > .field-state")
  if (found) return found
  const line = document.createElement("p")
  line.className = "field-state"
  element.append(line)
  return line
}

function headSentence() {
  const n = saveStatus.count + kept.waiting
  const away = unkept()
  const waiting = away ? messageText("unkept") : n && unstoredPlans().length ? messageText("keeping") : n ? countedMessage("waiting", n) : ""
  if (connection.state === "offline") {
    const offline = messageText("offline", { time: clock(connection.since) })
    return { state: "offline", text: waiting ? `${offline} ${waiting}` : offline }
  }
  if (!able) {
    return { state: "waiting", text: [messageText("unable"), waiting, waiting || device.shared ? "" : messageText("unable.keep")].join(" ").trim() }
  }
  if (away) return { state: "refused", text: waiting }
  const refused = [...entries.values()].find((entry) => entry.state === "refused")
  if (refused) return { state: "refused", text: messageText("refused"), at: refused.place?.() }
  const overdue = [...entries.values()].some((e) => e.state === "waiting" && performance.now() - e.since >= WORTH_A_WORD)
  if (overdue || kept.waiting) return { state: "waiting", text: waiting }
  if (kept.stuck) return { state: "refused", text: countedMessage("stuck", kept.stuck) }
  const conflicts = document.querySelectorAll(".conflict")
  if (conflicts.length) return { state: "conflict", text: countedMessage("conflict", conflicts.length), at: conflicts[0] }
  return connection.online ? { state: "saved", text: messageText("saved") } : { state: "connecting", text: messageText("connecting") }
}
