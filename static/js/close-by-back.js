// On touch screens the system's Back closes the text, field or row that is open, before it leaves the page.

const TOUCH = "(pointer: coarse)"

const watchers = new Map()

// What was removed while it was open does not keep Back from the page.
document.addEventListener("kw:swapped", () => {
  for (const place of watchers.keys()) if (!place.isConnected) closed(place)
})

/** `place` was opened: Back calls `close`. May be called again. */
export function opened(place, close) {
  if (watchers.has(place) || !window.CloseWatcher || !matchMedia(TOUCH).matches) return
  const watcher = new CloseWatcher()
  watchers.set(place, watcher)
  watcher.onclose = () => {
    watchers.delete(place)
    close()
  }
}

/** `place` was closed in another way. */
export function closed(place) {
  watchers.get(place)?.destroy()
  watchers.delete(place)
}
