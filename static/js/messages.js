// The interface's sentences in the reader's language. The server renders them (klimawerk/web/browser_messages.py) into
// <script type="application/json" id="words">; the browser never runs that element.

let sentences = null
let later = null

/** The sentence `key`, with each {name} in it replaced from `values`. An unknown key shows itself. */
export function messageText(key, values = {}) {
  sentences ??= read()
  return (sentences[key] ?? key).replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole)
}

/** What only the editor and the store say comes with them; resolves also where it cannot be had. */
export function loadLaterMessages() {
  return (later ??= fetchLater().catch(() => {
    later = null
  }))
}

/** `key.one` or `key.many`, with {n}. */
export function countedMessage(key, n, values = {}) {
  return messageText(`${key}.${n === 1 ? "one" : "many"}`, { n, ...values })
}

/** Hours and minutes as the reader writes them. */
export function clock(date) {
  return new Intl.DateTimeFormat(locale(), { hour: "2-digit", minute: "2-digit" }).format(date)
}

/** `value` with that many decimals. */
export function number(value, decimals) {
  const digits = { minimumFractionDigits: decimals, maximumFractionDigits: decimals }
  return new Intl.NumberFormat(locale(), digits).format(value)
}

/** As `clock`, with the day where it is another one. */
export function moment(date) {
  if (date.toDateString() === new Date().toDateString()) return clock(date)
  const form = { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" }
  return new Intl.DateTimeFormat(locale(), form).format(date)
}

/** English here is British. */
function locale() {
  const { lang } = document.documentElement
  return lang === "en" ? "en-GB" : lang
}

async function fetchLater() {
  const address = document.getElementById("words")?.dataset.later
  if (!address) return
  const answer = await fetch(address)
  if (answer.ok) Object.assign((sentences ??= read()), await answer.json())
}

function read() {
  const element = document.getElementById("words")
  return element ? JSON.parse(element.textContent) : {}
}
