// The ProseMirror view of one text.

import {
  EditorState,
  EditorView,
  yCursorPluginKey,
  ySyncPlugin,
  yUndoPlugin,
} from "../../vendor/klimawerk-editor.yjs-13.6.33.js"
import { carets, readCaret } from "./remote-carets.js"
import { keys } from "./keymap.js"
import { limits } from "./schema-limits.js"
import { passages } from "./thread-marks.js"
import { clean, pasteLater, pasting } from "./paste.js"
import { schema } from "./schema.js"

/** @param session {host, body, live, multiline, editing, changed(), end(), toolbar} */
export function makeView(session) {
  const fragment = session.live.replica.getXmlFragment(session.host.dataset.fragment)
  const plugins = [
    ySyncPlugin(fragment),
    carets(session.live),
    passages(session.host),
    limits(session.host),
    yUndoPlugin(),
    ...keys(session),
  ]
  return new EditorView(
    { mount: session.body },
    {
      state: EditorState.create({ schema, plugins }),
      editable: () => session.editing && session.live.write,
      attributes: () => (session.editing ? role(session) : {}),
      ...pasting(session),
      handleTextInput,
      handleDOMEvents: { beforeinput: refuseFormatting, paste: pasteLater, drop: pasteLater, ...compositionOf(session.live) },
      // The first transactions come while the view is still being made, late ones after its end.
      dispatchTransaction(transaction) {
        if (this.isDestroyed) return
        this.updateState(this.state.apply(aboutCarets(transaction) ? caretsAnew(this) : transaction))
        session.changed()
      },
    },
  )
}

/** Others' edits wait while a word is under way. */
function compositionOf({ composing }) {
  const going = (view) => void composing.begin(() => finishWord(view))
  return { compositionstart: going, compositionupdate: going, compositionend: () => void composing.end() }
}

/** Keyboards let go of their word when the focus goes. */
function finishWord({ dom }) {
  dom.blur()
  dom.focus()
}

function aboutCarets(transaction) {
  return transaction.getMeta(yCursorPluginKey) && !transaction.docChanged
}

function caretsAnew(view) {
  readCaret(view)
  return view.state.tr.setMeta(yCursorPluginKey, { awarenessUpdated: true })
}

function role({ host, multiline }) {
  return { role: "textbox", "aria-multiline": String(multiline), "aria-label": host.dataset.label }
}

/** Other keyboards and helpers may bring what a paste may; a paste is cleaned before. */
function handleTextInput(view, from, to, text) {
  const cleaned = clean(text)
  if (cleaned === text) return false
  view.dispatch(view.state.tr.insertText(cleaned, from, to))
  return true
}

/** Formatting comes from our commands alone, whatever menus and keyboards offer. */
function refuseFormatting(_view, event) {
  if (event.inputType.startsWith("format")) event.preventDefault()
  return false
}
