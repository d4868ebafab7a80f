// <kw-text>: a text that is plain HTML until somebody edits it. The editor comes when it is needed, or at idle.

import { retryForever } from "./backoff.js"
import { placeOf } from "./editor/click-position.js"
import { note } from "./text-note.js"
import { dataSaver } from "./data-saver.js"
import { loadLaterMessages } from "./messages.js"

let editor = null

// The line has nothing to do while the page's libraries are unpacked and the connection is made: the editor comes then,
// unless data is dear.
const coming = wanted() ? load().catch(() => retryForever(load)) : null

class LiveText extends HTMLElement {
  session = null
  #listening = false

  connectedCallback() {
    if (!this.#listening) {
      this.#listening = true
      this.addEventListener("click", (event) => this.#clicked(event))
      this.addEventListener("focusout", () => setTimeout(() => this.#left()))
    }
    if (this.isLive) this.follow().catch(() => {})
  }

  // A morph that moves the element leaves its editor alone.
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
    return following.has(this.dataset.doc)
  }

  /** Bind to the live document; the text follows it from now on. */
  async follow() {
    following.add(this.dataset.doc)
    const { Session } = await load()
    if (this.isConnected) this.session ??= new Session(this)
    return this.session
  }

  async edit(place = null) {
    this.setAttribute("aria-busy", "true")
    try {
      const session = await this.follow()
      session?.edit(place)
      for (const other of textsOf(this.dataset.doc)) other.follow()
    } catch {
      note(this, "note.unreachable")
      retryForever(load).then(() => this.#stillMeant() && this.edit(place))
    }
    this.removeAttribute("aria-busy")
  }

  #clicked(event) {
    if (event.target.closest(".text-edit")) return this.edit()
    const body = event.target.closest(".text-body")
    if (!body || !this.hasAttribute("data-write") || this.session?.editing) return
    if (event.target.closest("a[href]") || !getSelection().isCollapsed) return
    this.edit(placeOf(body, event))
  }

  /** Nobody is taken away from where they have gone meanwhile. */
  #stillMeant() {
    const { activeElement, body } = document
    return this.querySelector(".text-note") && (activeElement === body || this.contains(activeElement))
  }

  /** Who works elsewhere now has left the text; a window in the background has not. */
  #left() {
    if (this.session?.editing && !this.contains(document.activeElement)) this.session.end({ focus: false })
  }
}

const following = new Set()

/** The page's own document is followed as soon as the editor is here, be it from this browser's store. */
export function startTexts() {
  customElements.define("kw-text", LiveText)
  coming?.then(() => textsOf(document.body.dataset.item).forEach((text) => text.follow()))
}

function wanted() {
  const thin = dataSaver.saver || /2g/.test(navigator.connection?.effectiveType ?? "")
  return !thin && document.body.dataset.item && document.querySelector("kw-text")
}

function textsOf(doc) {
  return document.querySelectorAll(`kw-text[data-doc="${CSS.escape(doc)}"]`)
}

function load() {
  return (editor ??= all().catch((error) => {
    editor = null
    throw error
  }))
}

async function all() {
  const [module] = await Promise.all([import("./editor/session.js"), style(), loadLaterMessages()])
  return module
}

/** The editor's own style sheet; without it, it works as well. */
function style() {
  const link = document.getElementById("writing-style")
  if (!link?.disabled) return null
  return new Promise((done) => {
    link.onload = link.onerror = done
    link.disabled = false
  })
}
