// One polite sentence for screen readers, at most every 20 s; the newest of the weightiest wins. Can be switched off.

const PAUSE = 20_000
const QUIET = "klimawerk.quiet"

let region = null
let lastSpoken = -PAUSE
let next = null
let timer = null

/** Say `sentence` as soon as calm allows; `weight` 1 (somebody else's doing) or 2 (one's own words). */
export function announce(sentence, weight = 1) {
  if (localStorage.getItem(QUIET) === "yes" || (next && next.weight > weight)) return
  next = { sentence, weight }
  timer ??= setTimeout(speak, Math.max(100, lastSpoken + PAUSE - performance.now()))
}

/** Whether announcements are switched off in this browser, and the switch itself. */
export const quiet = {
  get on() {
    return localStorage.getItem(QUIET) === "yes"
  },
  set on(value) {
    localStorage.setItem(QUIET, value ? "yes" : "no")
  },
}

function speak() {
  timer = null
  lastSpoken = performance.now()
  region ??= document.getElementById("announce") ?? made()
  region.textContent = next.sentence
  next = null
}

function made() {
  const element = document.createElement("p")
  element.id = "announce"
  element.className = "unseen"
  element.setAttribute("role", "status")
  document.body.append(element)
  return element
}
