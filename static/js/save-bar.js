// The state of saving in the frame of the page: a few words in the bar, and a sentence below it while something waits.

import { connection } from "./connection.js"
import { clock, countedMessage, messageText } from "./messages.js"

// States that need no sentence below the bar.
const QUIET = ["saved", "connecting"]

let bar = null
let line = null
let shownHeight = 0 // of the line, in pixels

/** Find the two places on this page; false if it has none. */
export function startBar() {
  bar = document.getElementById("save-state")
  line = document.getElementById("save-line")
  bar?.setAttribute("aria-live", "off") // announce.js announces it, with its delays
  return Boolean(bar)
}

/** Show a state. @param text the whole sentence @param n the number in it @param at the element that both lead to */
export function drawBar({ state, text, at, n }) {
  bar.dataset.state = line.dataset.state = state
  setLink(bar, fewWords(state, n), at)
  setLink(line, text, at)
  line.hidden = QUIET.includes(state)
  const height = line.hidden ? 0 : line.offsetHeight
  // The docked toolbar of an editor begins below the line. Everything inherits the property, so setting it restyles all.
  if (height !== shownHeight) document.documentElement.style.setProperty("--save-line", `${(shownHeight = height)}px`)
}

function setLink(element, text, at) {
  const link = element.querySelector("a") ?? element.appendChild(document.createElement("a"))
  if (link.textContent !== text) link.textContent = text
  if (at?.id) link.href = `#${at.id}`
  else link.removeAttribute("href")
}

function fewWords(state, n) {
  if (state === "waiting" || state === "conflict") return countedMessage(`short.${state}`, n)
  return messageText(`short.${state}`, { time: clock(connection.since ?? new Date()) })
}
