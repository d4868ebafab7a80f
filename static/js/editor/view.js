// The ProseMirror view of one text, with its plugins.

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

/** Pixels at each edge of the window that the frame of the page and a docked toolbar cover: the caret is kept clear of them. */
const COVERED = {
  left: 5,
  right: 5,
  get top() {
    // A docked toolbar covers the bar of the languages.
    return 5 + heightOf(".bar") + heightOf("#save-line") + Math.max(heightOf(".languages-bar"), heightOf(".text-toolbar"))
  },
  get bottom() {
    const edges = [".ways", ".comment-key"].filter(heightOf).map((selector) => document.querySelector(selector).getBoundingClientRect().top)
    return 5 + innerHeight - Math.min(innerHeight, ...edges)
  },
}

/** The height of what stays at an edge of the window while the page is scrolled, 0 for anything else. */
function heightOf(selector) {
  const element = document.querySelector(selector)
  return element && ["sticky", "fixed"].includes(getComputedStyle(element).position) ? element.offsetHeight : 0
}

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
      scrollThreshold: COVERED,
      scrollMargin: COVERED,
      handleTextInput,
      handleDOMEvents: { beforeinput: refuseFormatting, paste: pasteLater, drop: pasteLater, ...compositionOf(session.live) },
      // Transactions may arrive before the constructor has returned, and after the view was destroyed.
      dispatchTransaction(transaction) {
        if (this.isDestroyed) return
        this.updateState(this.state.apply(isCaretUpdate(transaction) ? caretTransaction(this) : transaction))
        session.changed()
      },
    },
  )
}

/** Updates of others wait during a composition. */
function compositionOf({ composing }) {
  const onComposition = (view) => void composing.begin(() => finishWord(view))
  return { compositionstart: onComposition, compositionupdate: onComposition, compositionend: () => void composing.end() }
}

/** Moving the focus ends a keyboard's composition. */
function finishWord({ dom }) {
  dom.blur()
  dom.focus()
}

function isCaretUpdate(transaction) {
  return transaction.getMeta(yCursorPluginKey) && !transaction.docChanged
}

function caretTransaction(view) {
  readCaret(view)
  return view.state.tr.setMeta(yCursorPluginKey, { awarenessUpdated: true })
}

function role({ host, multiline }) {
  return { role: "textbox", "aria-multiline": String(multiline), "aria-label": host.dataset.label }
}

/** Normalise typed text like pasted text (other keyboards and assistive software may insert anything). */
function handleTextInput(view, from, to, text) {
  const cleaned = clean(text)
  if (cleaned === text) return false
  view.dispatch(view.state.tr.insertText(cleaned, from, to))
  return true
}

/** Only our commands format text, not menus and keyboards. */
function refuseFormatting(_view, event) {
  if (event.inputType.startsWith("format")) event.preventDefault()
  return false
}
