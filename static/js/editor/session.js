// The editing session of one <kw-text>: binds it to its live document; read-only until the user edits.

import { DOMSerializer, TextSelection } from "../../vendor/klimawerk-editor.yjs-13.6.33.js"
import { closed, opened } from "../close-by-back.js"
import { open } from "../collab/document-registry.js"
import { note } from "../text-note.js"
import { startPlaces } from "../page-anchors.js"
import { startPresenceLinks } from "../presence-links.js"
import { startWriting } from "../writing-language.js"
import { anchorOf } from "./anchors.js"
import { readCaret } from "./remote-carets.js"
import { dropRefusedLinks } from "./schema-limits.js"
import { loadCleaner } from "./paste.js"
import { schema } from "./schema.js"
import { showReadOnly, showRefused } from "./text-status.js"
import { Toolbar } from "./toolbar.js"
import { makeView } from "./view.js"

startPlaces()
startPresenceLinks()
startWriting()

const VIEW_ATTRIBUTES = ["contenteditable", "translate", "role", "aria-multiline", "aria-label"]

export class Session {
  toolbar = null
  editing = false
  #view = null
  #pendingEdit = null
  #abort = new AbortController()

  /** @param host the <kw-text> element */
  constructor(host) {
    this.host = host
    this.multiline = host.dataset.kind !== "line"
    this.live = open(host.dataset.doc)
    const handlers = {
      incoming: () => this.editing && readCaret(this.#view),
      ready: () => this.#mount(),
      joined: () => this.#mount(),
      replaced: () => this.#unmount(),
      access: () => this.#onAccess(),
      closed: () => this.#onClosed(),
      refused: ({ detail }) => showRefused(host, detail),
    }
    for (const [name, handler] of Object.entries(handlers)) {
      this.live.addEventListener(name, handler, { signal: this.#abort.signal })
    }
    if (this.live.ready) this.#mount()
  }

  /** Start editing at `place` (see click-position.js; else at the end), as soon as the document is loaded, if `isWanted()`
   *  then. */
  edit(place = null, isWanted = () => true) {
    this.#pendingEdit = { place, isWanted }
    if (this.live.closed) return this.#onClosed()
    if (!this.#view) return note(this.host, isWanted() ? "note.waiting" : null)
    this.#pendingEdit = null
    if (!isWanted()) return note(this.host, null)
    if (!this.live.write) return showReadOnly(this.host, this.live)
    this.#startAt(place)
  }

  /** Stop editing: the element shows plain text again, and unsent updates go on being sent. */
  end({ focus = true } = {}) {
    if (!this.editing) return
    this.editing = false
    this.toolbar?.destroy()
    this.toolbar = null
    this.host.classList.remove("is-editing")
    closed(this.host)
    this.#redraw()
    if (focus) this.host.querySelector(".text-edit")?.focus()
    else this.#view.dom.blur()
  }

  destroy() {
    this.#abort.abort()
    this.#unmount()
  }

  /** The view's state has changed: update toolbar and placeholder. */
  changed() {
    if (!this.#view) return
    this.toolbar?.update(this.#view.state)
    const hidden = this.editing || Boolean(this.#view.state.doc.textContent.trim())
    for (const placeholder of this.host.querySelectorAll(".text-empty, .borrowed")) placeholder.hidden = hidden
  }

  /** The anchor of a passage of this text; see anchors.js. @param passage {words, before, after} */
  anchor(passage) {
    return this.#view ? anchorOf(this.#view.state, passage) : {}
  }

  get body() {
    return this.host.querySelector(".text-body")
  }

  #mount() {
    if (!this.#view) {
      this.host.setAttribute("hx-morph-skip", "")
      this.body.id ||= `${this.host.id}-body`
      this.body.replaceChildren()
      this.#view = makeView(this)
      this.changed()
    }
    this.#updateEditButton()
    if (this.#pendingEdit) this.edit(this.#pendingEdit.place, this.#pendingEdit.isWanted)
  }

  /** Show the edit button, and allow starting by click, while the user may write. */
  #updateEditButton() {
    const button = this.host.querySelector(":scope > .text-edit")
    if (!button) return
    button.hidden = !this.live.write
    this.host.toggleAttribute("data-write", this.live.write)
  }

  /** The text stays readable where the editor was. */
  #unmount() {
    if (!this.#view) return
    this.end({ focus: false })
    const text = DOMSerializer.fromSchema(schema).serializeFragment(this.#view.state.doc.content)
    const body = this.#view.dom
    this.#view.destroy()
    this.#view = null
    this.live.composing.end()
    body.classList.remove("ProseMirror", "ProseMirror-focused")
    for (const name of VIEW_ATTRIBUTES) body.removeAttribute(name)
    body.replaceChildren(text)
    this.host.removeAttribute("hx-morph-skip")
  }

  #startAt(place) {
    note(this.host, null)
    if (!this.editing) this.#showEditor()
    loadCleaner()
    dropRefusedLinks(this.#view)
    const { state } = this.#view
    const at = state.doc.resolve(positionOf(state.doc, place))
    this.#view.focus()
    this.#view.dispatch(state.tr.setSelection(TextSelection.near(at)).scrollIntoView())
  }

  #showEditor() {
    this.editing = true
    this.host.classList.add("is-editing")
    opened(this.host, () => this.end())
    this.#redraw()
    if (!this.multiline) return
    this.toolbar = new Toolbar(this.#view, this.body, this.host.dataset.label)
    this.body.before(this.toolbar.element)
  }

  /** Make the view read `editable` and its attributes again. */
  #redraw() {
    this.#view.setProps({})
    this.changed()
  }

  #onAccess() {
    const wasEditing = this.editing
    this.#updateEditButton()
    if (!this.live.write) this.end()
    if (wasEditing && !this.live.write) showReadOnly(this.host, this.live)
    else note(this.host, null)
  }

  #onClosed() {
    this.#unmount()
    note(this.host, `note.${this.live.closed}`)
  }
}

/** The position in `doc` (ProseMirror) of `place`; the end of the text if there is no such place. */
function positionOf(doc, place) {
  let position = null
  let block = -1
  doc.descendants((node, at) => {
    if (node.isTextblock && ++block === place?.block) position = at + 1 + Math.min(place.offset, node.content.size)
    return !node.isTextblock
  })
  return position ?? doc.content.size - 1
}
