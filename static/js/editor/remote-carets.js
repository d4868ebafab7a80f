// Carets of other users, with name and municipality. The style sheet draws the name: it is not part of the text.

import { yCursorPlugin } from "../../vendor/klimawerk-editor.yjs-13.6.33.js"

/** Read the own caret from the DOM before the view is updated for others. The browser reports a moved caret late;
 *  without this an update would put it back. */
export function readCaret(view) {
  if (!view.composing) view.domObserver.flush()
}

/** ProseMirror plugin that draws the carets and selections of other users. @param live the LiveDocument */
export function carets(live) {
  return yCursorPlugin(live.carets, {
    awarenessStateFilter: (_own, sid) => live.people.has(sid),
    cursorBuilder: (_user, sid) => caret(live.people.get(sid)),
    selectionBuilder: (_user, sid) => ({ class: `caret-selection caret-side-${side(live.people.get(sid))}` }),
  })
}

function caret(person) {
  const element = document.createElement("span")
  element.className = `caret caret-side-${side(person)}`
  element.setAttribute("aria-hidden", "true")
  element.dataset.name = `${person?.name ?? ""} (${person?.place || person?.side || ""})`
  element.dataset.initial = [...(person?.name ?? "")][0] ?? ""
  return element
}

function side(person) {
  return ["de", "partner", "neutral"].includes(person?.side) ? person.side : "neutral"
}
