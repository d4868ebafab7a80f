// The data saver setting and the page's visibility: what this page can do without.

const KEY = "klimawerk.saver"
const watchers = new Set()
let choice = storedChoice()

export const dataSaver = {
  /** Whether the data saver is on: chosen on this device, else requested by the browser (Save-Data). */
  get on() {
    return choice ?? requestedByBrowser()
  },

  /** As sent to the server. */
  get preferences() {
    return { saver: this.on, hidden: document.hidden }
  },

  /** Store the user's choice on this device. */
  choose(saver) {
    choice = saver
    try {
      localStorage.setItem(KEY, saver ? "on" : "off")
    } catch {
      // Without storage the choice holds for this page only.
    }
    notify()
  },

  /** Call `watcher` when the setting or the visibility changes; returns a function that ends this. */
  watch(watcher) {
    watchers.add(watcher)
    return () => watchers.delete(watcher)
  },
}

document.addEventListener("visibilitychange", notify)

function notify() {
  for (const watcher of watchers) watcher()
}

function requestedByBrowser() {
  return Boolean(navigator.connection?.saveData) || document.documentElement.dataset.saveData === "on"
}

function storedChoice() {
  try {
    return { on: true, off: false }[localStorage.getItem(KEY)]
  } catch {
    return undefined
  }
}
