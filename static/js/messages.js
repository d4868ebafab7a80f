// Messages of the interface in the user's locale. The server renders them (klimawerk/web/browser_messages.py) into
// <script type="application/json" id="words">, which the browser does not execute.

let messages = null
let later = null

/** The message `key` with each {name} replaced from `values`. An unknown key is returned as it is. */
export function messageText(key, values = {}) {
  messages ??= read()
  return (messages[key] ?? key).replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole)
}

/** Load the messages that only the editor and the store need; resolves also if they cannot be fetched. */
export function loadLaterMessages() {
  return (later ??= fetchLater().catch(() => {
    later = null
  }))
}

/** Plural: the message `key.one` or `key.many`, with {n}. */
export function countedMessage(key, n, values = {}) {
  return messageText(`${key}.${n === 1 ? "one" : "many"}`, { n, ...values })
}

/** Time of day in the user's locale. */
export function clock(date) {
  return new Intl.DateTimeFormat(locale(), { hour: "2-digit", minute: "2-digit" }).format(date)
}

/** `value` formatted with that many decimals. */
export function number(value, decimals) {
  const digits = { minimumFractionDigits: decimals, maximumFractionDigits: decimals }
  return new Intl.NumberFormat(locale(), digits).format(value)
}

/** As `clock`, with the date if it is not today. */
export function moment(date) {
  if (date.toDateString() === new Date().toDateString()) return clock(date)
  const form = { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" }
  return new Intl.DateTimeFormat(locale(), form).format(date)
}

/** English means British English. */
function locale() {
  const { lang } = document.documentElement
  return lang === "en" ? "en-GB" : lang
}

async function fetchLater() {
  const address = document.getElementById("words")?.dataset.later
  if (!address) return
  const answer = await fetch(address)
  if (answer.ok) Object.assign((messages ??= read()), await answer.json())
}

function read() {
  const element = document.getElementById("words")
  return element ? JSON.parse(element.textContent) : {}
}
