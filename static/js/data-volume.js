// Approximate data volume of this tab in bytes: responses as the browser reports them, socket messages by their length.
// Long-polling requests count as responses; what they send is counted as messages.

const KEY = "klimawerk.volume"
const FRAME = 6 // bytes of framing around a message, approximately
const HEADERS = 400 // bytes by which our response headers exceed the 300 that browsers assume

const volume = { bytes: 0, since: Date.now() }

/** @param connection whose messages count */
export function startVolume(connection) {
  Object.assign(volume, stored())
  new PerformanceObserver((list) => list.getEntries().forEach(countResponse)).observe({
    type: "resource",
    buffered: true,
  })
  performance.getEntriesByType("navigation").forEach(countResponse)
  connection.onMessage(({ length, sent, polled }) => (sent || !polled) && add(length + FRAME))
  window.addEventListener("pagehide", store)
}

/** The volume used since Klimawerk was opened in this tab: {bytes, since: Date}. */
export function usedVolume() {
  return { bytes: volume.bytes, since: new Date(volume.since) }
}

/** Responses from the browser's cache have a transferSize of 0. */
function countResponse({ transferSize }) {
  if (transferSize) add(transferSize + HEADERS)
}

function add(bytes) {
  volume.bytes += bytes || 0
}

/** The volume of earlier pages in the same tab. */
function stored() {
  try {
    return JSON.parse(sessionStorage.getItem(KEY)) ?? {}
  } catch {
    return {}
  }
}

function store() {
  try {
    sessionStorage.setItem(KEY, JSON.stringify(volume))
  } catch {
    // Without session storage the next page starts from zero.
  }
}
