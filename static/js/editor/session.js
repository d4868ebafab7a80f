// One <kw-text> bound to its live document: read-only and following until somebody edits it.

import { DOMSerializer, TextSelection } from "../../vendor/klimawerk-editor.yjs-13.6.33.js"
import { open } from "../collab/document-registry.js"
import { note } from "../text-note.js"
import { startPlaces } from "../page-anchors.js"
import { startPresenceLinks } from "../presence-links.js"
import { startWriting } from "../writing-language.js"
import { anchorOf } from "./anchors.js"
import { readCaret } from "./remote-carets.js"
import { dropRefusedLinks } from "./schema-limits.js"
import { fetchReader } from "./paste.js"
import { positionOf } from "./click-position.js"
import { schema } from "./schema.js"
import { showReadOnly, showRefused } from "./text-status.js"
import { Toolbar } from "./toolbar.js"
import { makeView } from "./view.js"

startPlaces()
startPresenceLinks()
startWriting()

const MADE_BY_THE_VIEW = ["contenteditable", "translate", "role", "aria-multiline", "aria-label"]

export class Session {
  toolbar = null
  editing = false
  #view = null
  #wanted = null
  #ending = new AbortController()

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
      access: () => this.#allowed(),
      closed: () => this.#closed(),
      refused: ({ detail }) => showRefused(host, detail),
    }
    for (const [name, handler] of Object.entries(handlers)) {
      this.live.addEventListener(name, handler, { signal: this.#ending.signal })
    }
    if (this.live.ready) this.#mount()
  }

  /** Begin to edit at `place` (see click-position.js; the end without one), as soon as the document is here. */
  edit(place = null) {
    this.#wanted = { place }
    if (this.live.closed) return this.#closed()
    if (!this.#view) return note(this.host, "note.waiting")
    this.#wanted = null
    if (!this.live.write) return showReadOnly(this.host, this.live)
    this.#begin(place)
  }

  /** Leave the text: what was typed is kept and goes on being saved, the element is plain text again. */
  end({ focus = true } = {}) {
    if (!this.editing) return
    this.editing = false
    this.toolbar?.destroy()
    this.toolbar = null
    this.host.classList.remove("is-editing")
    this.#redraw()
    if (focus) this.host.querySelector(".text-edit")?.focus()
    else this.#view.dom.blur()
  }

  destroy() {
    this.#ending.abort()
    this.#unmount()
  }

  /** The view has a new state: the toolbar and the placeholder follow. */
  changed() {
    if (!this.#view) return
    this.toolbar?.update(this.#view.state)
    const full = this.editing || Boolean(this.#view.state.doc.textContent.trim())
    for (const instead of this.host.querySelectorAll(".text-empty, .borrowed")) instead.hidden = full
  }

  /** Where in the live document words of this text stand; see anchors.js. @param passage {words, before, after} */
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
    this.#offerWayIn()
    if (this.#wanted) this.edit(this.#wanted.place)
  }

  /** The button and the click that begin editing are there while writing is possible. */
  #offerWayIn() {
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
    for (const name of MADE_BY_THE_VIEW) body.removeAttribute(name)
    body.replaceChildren(text)
    this.host.removeAttribute("hx-morph-skip")
  }

  #begin(place) {
    note(this.host, null)
    if (!this.editing) this.#dress()
    fetchReader()
    dropRefusedLinks(this.#view)
    const { state } = this.#view
    const at = state.doc.resolve(positionOf(state.doc, place))
    this.#view.focus()
    this.#view.dispatch(state.tr.setSelection(TextSelection.near(at)).scrollIntoView())
  }

  #dress() {
    this.editing = true
    this.host.classList.add("is-editing")
    this.#redraw()
    if (!this.multiline) return
    this.toolbar = new Toolbar(this.#view, this.body, this.host.dataset.label)
    this.body.before(this.toolbar.element)
  }

  /** The view asks again whether it is editable, and what it is called. */
  #redraw() {
    this.#view.setProps({})
    this.changed()
  }

  #allowed() {
    const wasEditing = this.editing
    this.#offerWayIn()
    if (!this.live.write) this.end()
    if (wasEditing && !this.live.write) showReadOnly(this.host, this.live)
    else note(this.host, null)
  }

  #closed() {
    this.#unmount()
    note(this.host, `note.${this.live.closed}`)
  }
}
