// About how many bytes this tab has moved since Klimawerk was opened in it: answers to requests as the browser counts
// them, messages by their length. Long-polling is requests; what those carry away is counted as messages.

const KEY = "klimawerk.volume"
const FRAME = 6 // bytes around a message, about
const HEADERS = 400 // bytes by which the headers of our answers exceed the 300 that browsers count for any

const volume = { bytes: 0, since: Date.now() }

/** @param connection whose messages count */
export function startVolume(connection) {
  Object.assign(volume, kept())
  new PerformanceObserver((list) => list.getEntries().forEach(answer)).observe({
    type: "resource",
    buffered: true,
  })
  performance.getEntriesByType("navigation").forEach(answer)
  connection.onMessage(({ length, sent, polled }) => (sent || !polled) && add(length + FRAME))
  window.addEventListener("pagehide", keep)
}

/** {bytes, since: Date} */
export function usedVolume() {
  return { bytes: volume.bytes, since: new Date(volume.since) }
}

/** What came from the browser's own cache cost nothing. */
function answer({ transferSize }) {
  if (transferSize) add(transferSize + HEADERS)
}

function add(bytes) {
  volume.bytes += bytes || 0
}

/** A tab that goes from page to page counts on. */
function kept() {
  try {
    return JSON.parse(sessionStorage.getItem(KEY)) ?? {}
  } catch {
    return {}
  }
}

function keep() {
  try {
    sessionStorage.setItem(KEY, JSON.stringify(volume))
  } catch {
    // Then the next page begins anew.
  }
}
