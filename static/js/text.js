// <kw-text>: a text that is plain HTML until the user edits it. The editor is loaded on demand, or ahead of time.

import { retryForever } from "./backoff.js"
import { placeOf } from "./click-position.js"
import { requestFor } from "./press.js"
import { note } from "./text-note.js"
import { dataSaver } from "./data-saver.js"
import { loadEditor } from "./load.js"
import { loadLaterMessages } from "./messages.js"

let editor = null

// Load the editor while the page's libraries are parsed and the connection is made: the line is unused then. Not with
// the data saver or on a slow connection.
const preloaded = shouldPreload() ? load().catch(() => retryForever(load)) : null

class LiveText extends HTMLElement {
  session = null
  #listening = false

  connectedCallback() {
    if (!this.#listening) {
      this.#listening = true
      this.addEventListener("click", (event) => this.#onClick(event))
      this.addEventListener("focusout", () => setTimeout(() => this.#onFocusOut()))
    }
    if (this.isLive) this.follow().catch(() => {})
  }

  // When a morph moves the element, its editor stays.
  connectedMoveCallback() {}

  disconnectedCallback() {
    setTimeout(() => {
      if (this.isConnected) return
      this.session?.destroy()
      this.session = null
    })
  }

  /** Whether its document is open in this page. */
  get isLive() {
    return liveDocuments.has(this.dataset.doc)
  }

  /** Bind to the live document; the text then follows it. */
  async follow() {
    liveDocuments.add(this.dataset.doc)
    const { Session } = await load()
    if (this.isConnected) this.session ??= new Session(this)
    return this.session
  }

  async edit(place = null) {
    const isWanted = requestFor(this)
    this.setAttribute("aria-busy", "true")
    try {
      const session = await this.follow()
      session?.edit(place, isWanted)
      for (const other of textsOf(this.dataset.doc)) other.follow()
    } catch ({ outdated }) {
      if (outdated) await loadLaterMessages()
      note(this, outdated ? "note.outdated" : "note.away")
      retryForever(load).then(() => this.#stillWanted() && this.edit(place))
    }
    this.removeAttribute("aria-busy")
  }

  #onClick(event) {
    if (event.target.closest(".text-edit")) return this.edit()
    const body = event.target.closest(".text-body")
    if (!body || !this.hasAttribute("data-write") || this.session?.editing) return
    if (event.target.closest("a[href]") || !getSelection().isCollapsed) return
    this.edit(placeOf(body, event))
  }

  /** Do not take the focus away from where the user has gone meanwhile. */
  #stillWanted() {
    const { activeElement, body } = document
    return this.querySelector(".text-note") && (activeElement === body || this.contains(activeElement))
  }

  /** Focus on another element of the page ends editing; focus on another window does not. */
  #onFocusOut() {
    if (this.session?.editing && !this.contains(document.activeElement)) this.session.end({ focus: false })
  }
}

const liveDocuments = new Set()

/** The page's own document is followed once the editor is loaded (from the browser's store if need be). */
export function startTexts() {
  customElements.define("kw-text", LiveText)
  preloaded?.then(() => textsOf(document.body.dataset.item).forEach((text) => text.follow()))
}

function shouldPreload() {
  const slow = dataSaver.on || /2g/.test(navigator.connection?.effectiveType ?? "")
  return !slow && document.body.dataset.item && document.querySelector("kw-text")
}

function textsOf(doc) {
  return document.querySelectorAll(`kw-text[data-doc="${CSS.escape(doc)}"]`)
}

function load() {
  return (editor ??= loadWithStyle().catch((error) => {
    editor = null
    throw error
  }))
}

async function loadWithStyle() {
  const [module] = await Promise.all([loadEditor(), enableStyle(), loadLaterMessages()])
  return module
}

/** Enable the editor's own style sheet; the editor works without it. */
function enableStyle() {
  const link = document.getElementById("writing-style")
  if (!link?.disabled) return null
  return new Promise((done) => {
    link.onload = link.onerror = done
    link.disabled = false
  })
}
