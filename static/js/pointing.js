// What is done by pointer and pasting alone, and can wait until the page has come to rest.

import { startDrag } from "./drag.js"
import { startTablePaste } from "./paste-table.js"

export function start() {
  startDrag()
  startTablePaste()
  document.documentElement.classList.add("draggable")
}
