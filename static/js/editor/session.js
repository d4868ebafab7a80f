// One <kw-text> bound to its live document: read-only and following until somebody edits it.

import { DOMSerializer, EditorView, TextSelection } from "../../vendor/klimawerk-editor.yjs-13.6.33.js"
import { open } from "../collab/documents.js"
import { note } from "../note.js"
import { offer } from "../offer.js"
import { saving } from "../saving.js"
import { word } from "../words.js"
import { positionOf } from "./point.js"
import { editorState } from "./state.js"
import { cleanHtml, oneLine } from "./paste.js"
import { Toolbar } from "./toolbar.js"

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
    const events = {
      joined: () => this.#mount(),
      replaced: () => this.#unmount(),
      access: () => this.#allowed(),
      closed: () => this.#closed(),
      refused: ({ detail }) => this.#refused(detail),
    }
    for (const [name, handler] of Object.entries(events)) {
      this.live.addEventListener(name, handler, { signal: this.#ending.signal })
    }
    if (this.live.joined) this.#mount()
  }

  /** Begin to edit at `place` (see point.js; the end without one), as soon as the document is here. */
  edit(place = null) {
    this.#wanted = { place }
    if (this.live.closed) return this.#closed()
    if (!this.#view) return note(this.host, "note.waiting")
    if (!this.live.write) return this.#closedToWriting()
    this.#begin(place)
  }

  /** Leave the text: what was typed is kept and goes on being saved, the element is plain text again. */
  end({ focus = true } = {}) {
    if (!this.editing) return
    this.editing = false
    this.toolbar?.destroy()
    this.toolbar = null
    this.#redraw()
    this.host.classList.remove("is-editing")
    if (focus) this.host.querySelector(".text-edit")?.focus()
    else this.#view.dom.blur()
  }

  destroy() {
    this.#ending.abort()
    this.#unmount()
  }

  get body() {
    return this.host.querySelector(".text-body")
  }

  #mount() {
    if (!this.#view) {
      const fragment = this.live.replica.getXmlFragment(this.host.dataset.fragment)
      this.host.setAttribute("hx-morph-skip", "")
      this.body.id ||= `${this.host.id}-body`
      this.body.replaceChildren()
      this.#view = new EditorView({ mount: this.body }, this.#props(editorState(fragment, this)))
      this.#changed()
    }
    if (this.#wanted) this.edit(this.#wanted.place)
  }

  /** The text stays readable where the editor was. */
  #unmount() {
    if (!this.#view) return
    this.end({ focus: false })
    const html = DOMSerializer.fromSchema(this.#view.state.schema).serializeFragment(this.#view.state.doc.content)
    const body = this.#view.dom
    this.#view.destroy()
    this.#view = null
    body.classList.remove("ProseMirror", "ProseMirror-focused")
    for (const name of ["contenteditable", "translate", "role", "aria-multiline", "aria-label"]) body.removeAttribute(name)
    body.replaceChildren(html)
    this.host.removeAttribute("hx-morph-skip")
  }

  #props(state) {
    const session = this
    return {
      state,
      editable: () => this.editing && this.live.write,
      attributes: () => (this.editing ? this.#role() : {}),
      transformPastedHTML: cleanHtml,
      transformPasted: (slice) => (this.multiline ? slice : oneLine(slice)),
      handleDOMEvents: { beforeinput: (view, event) => this.#beforeInput(view, event) },
      // The first transactions come while the view is still being made: `this` is the view.
      dispatchTransaction(transaction) {
        this.updateState(this.state.apply(transaction))
        session.#changed()
      },
    }
  }

  #role() {
    return { role: "textbox", "aria-multiline": String(this.multiline), "aria-label": this.host.dataset.label }
  }

  /** Formatting comes from our commands alone, whatever menus and keyboards offer. */
  #beforeInput(_view, event) {
    if (event.inputType.startsWith("format")) event.preventDefault()
    return false
  }

  #begin(place) {
    this.#wanted = null
    note(this.host, null)
    if (this.editing) return
    this.editing = true
    this.#redraw()
    this.host.classList.add("is-editing")
    if (this.multiline) {
      this.toolbar = new Toolbar(this.#view, this.body, this.host.dataset.label)
      this.body.before(this.toolbar.element)
    }
    const { state } = this.#view
    const at = state.doc.resolve(positionOf(state.doc, place))
    this.#view.focus()
    this.#view.dispatch(state.tr.setSelection(TextSelection.near(at)).scrollIntoView())
  }

  #changed() {
    if (!this.#view) return
    this.toolbar?.update(this.#view.state)
    const placeholder = this.host.querySelector(".text-empty")
    if (placeholder) placeholder.hidden = this.editing || Boolean(this.#view.state.doc.textContent.trim())
  }

  #redraw() {
    this.#view?.setProps({})
    this.#changed()
  }

  #allowed() {
    if (!this.live.write && this.editing) {
      this.end()
      this.#closedToWriting()
    } else note(this.host, null)
  }

  #closedToWriting() {
    const { reason, by } = this.live
    if (reason === "role") note(this.host, "note.role")
    else note(this.host, by ? "note.locked.by" : "note.locked", { reason, by })
  }

  #closed() {
    this.#unmount()
    note(this.host, `note.${this.live.closed}`)
  }

  #refused({ offers, error }) {
    const mine = offers.find(({ fragment }) => fragment === this.host.dataset.fragment)
    if (!mine) return
    const key = `refused ${this.host.id}`
    const place = () => document.getElementById(this.host.id)
    saving.refused(key, place)
    offer({
      place,
      reason: word(`offer.${error}`),
      label: this.host.dataset.label,
      text: mine.text,
      done: () => saving.forget(key),
    })
  }
}
