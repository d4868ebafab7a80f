// What this page can do without: its person pays by volume (the data saver), or looks at something else (hidden).

const KEY = "klimawerk.saver"
const watchers = new Set()
let chosen = kept()

export const dataSaver = {
  /** Whether the data saver is on: chosen on this device, else wished for by the browser. */
  get saver() {
    return chosen ?? wished()
  },

  /** For the server. */
  get wishes() {
    return { saver: this.saver, hidden: document.hidden }
  },

  /** Keep the person's choice, on this device. */
  choose(saver) {
    chosen = saver
    try {
      localStorage.setItem(KEY, saver ? "on" : "off")
    } catch {
      // A browser that keeps nothing asks again next time.
    }
    tell()
  },

  /** Call `watcher` whenever something of this changes; returns what ends that. */
  watch(watcher) {
    watchers.add(watcher)
    return () => watchers.delete(watcher)
  },
}

document.addEventListener("visibilitychange", tell)

function tell() {
  for (const watcher of watchers) watcher()
}

function wished() {
  return Boolean(navigator.connection?.saveData) || document.documentElement.dataset.saveData === "on"
}

function kept() {
  try {
    return { on: true, off: false }[localStorage.getItem(KEY)]
  } catch {
    return undefined
  }
}
