// Key bindings of the editor. Tab is not bound: it leaves the text, as everywhere on the page.

import { baseKeymap, keymap } from "../../vendor/klimawerk-editor.yjs-13.6.33.js"
import { commands } from "./commands.js"

const ignore = () => true

/** @param session {end(), toolbar, link} */
export function keys(session) {
  const both = {
    Escape: () => (session.end(), true),
    "Mod-z": commands.undo,
    "Mod-y": commands.redo,
    "Shift-Mod-z": commands.redo,
  }
  return [keymap({ ...both, ...(session.multiline ? text(session) : line) }), keymap(baseKeymap)]
}

const line = { Enter: ignore, "Shift-Enter": ignore, "Mod-Enter": ignore, "Mod-b": ignore, "Mod-i": ignore }

function text(session) {
  return {
    Enter: commands.newItem,
    "Shift-Enter": commands.lineBreak,
    "Mod-b": commands.bold,
    "Mod-i": commands.italic,
    "Mod-k": () => (session.toolbar.askLink(), true),
    "Mod-Alt-0": commands.paragraph,
    "Mod-Alt-3": commands.heading3,
    "Mod-Alt-4": commands.heading4,
    "Mod-Shift-7": commands.numbers,
    "Mod-Shift-8": commands.bullets,
    "Alt-Shift-ArrowRight": commands.deeper,
    "Alt-Shift-ArrowLeft": commands.higher,
    "Alt-F10": () => (session.toolbar.focus(), true),
    "Mod-u": ignore,
    Backspace: emptyItem,
  }
}

/** Backspace in an empty list item leaves the list. */
function emptyItem(state, dispatch) {
  const { $from, empty } = state.selection
  if (!empty || $from.parent.content.size || $from.depth < 2) return false
  return $from.node(-1).type.name === "list_item" && $from.index(-1) === 0 && commands.higher(state, dispatch)
}
