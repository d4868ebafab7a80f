// On touch screens the system's Back closes the text, field or row that is open, before it leaves the page.

const TOUCH = "(pointer: coarse)"

const watchers = new Map()

/** `place` was opened: Back calls `close`. */
export function opened(place, close) {
  if (!window.CloseWatcher || !matchMedia(TOUCH).matches || watchers.has(place)) return
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
