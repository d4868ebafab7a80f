// Whether changes may go out at all. After a long absence they wait until their writer has seen what others did.

const watchers = new Set()

export const gate = {
  open: true,

  set(open) {
    this.open = open
    for (const watcher of watchers) watcher(open)
  },

  /** Call `watcher` whenever the gate is opened or shut. */
  watch(watcher) {
    watchers.add(watcher)
  },
}
