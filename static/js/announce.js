// Screen reader announcements (polite, role "status"): at most one every 20 s; the newest of the highest weight wins.
// Can be switched off.

const PAUSE = 20_000
const QUIET = "klimawerk.quiet"

let region = null
let lastAnnounced = -PAUSE
let next = null
let timer = null

/** Announce `sentence` once the delay allows; `weight` 1 (changes by others) or 2 (the user's own text). */
export function announce(sentence, weight = 1) {
  if (localStorage.getItem(QUIET) === "yes" || (next && next.weight > weight)) return
  next = { sentence, weight }
  timer ??= setTimeout(publish, Math.max(100, lastAnnounced + PAUSE - performance.now()))
}

/** The switch "no announcements" of this browser. */
export const quiet = {
  get on() {
    return localStorage.getItem(QUIET) === "yes"
  },
  set on(value) {
    localStorage.setItem(QUIET, value ? "yes" : "no")
  },
}

function publish() {
  timer = null
  lastAnnounced = performance.now()
  region ??= document.getElementById("announce") ?? createRegion()
  region.textContent = next.sentence
  next = null
}

function createRegion() {
  const element = document.createElement("p")
  element.id = "announce"
  element.className = "unseen"
  element.setAttribute("role", "status")
  document.body.append(element)
  return element
}
