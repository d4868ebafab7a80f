// Others' carets, named by person and place. The name is drawn by the style sheet: it is no part of the text.

import { yCursorPlugin } from "../../vendor/klimawerk-editor.yjs-13.6.33.js"

/** The browser tells of a moved caret a moment late. Whatever others do in that moment must not put it back, so the
 *  view reads where the caret is before it is drawn anew for their sake. */
export function readCaret(view) {
  if (!view.composing) view.domObserver.flush()
}

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
