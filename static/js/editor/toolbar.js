// The toolbar of a long text: one tab stop, arrow keys within (ARIA toolbar pattern).

import { messageText } from "../messages.js"
import { commands, pressed } from "./commands.js"
import { LinkForm } from "./link.js"

const BUTTONS = {
  paragraph: "¶",
  heading3: "H1",
  heading4: "H2",
  bullets: "•",
  numbers: "1.",
  bold: "B",
  italic: "I",
  link: null, // no sign is generally understood: show the word
  undo: "↶",
  redo: "↷",
}

// Of <html>, for what makes room for the toolbar. A selector `html:has(.text-toolbar)` would have the browser restyle the
// whole page at each letter.
const WITH_TOOLBAR = "with-toolbar"

export class Toolbar {
  #view
  #buttons = []

  /** @param view the ProseMirror view @param body the element that the toolbar controls */
  constructor(view, body, label) {
    this.#view = view
    this.element = document.createElement("div")
    this.element.className = "text-toolbar"
    this.element.setAttribute("role", "toolbar")
    this.element.setAttribute("aria-label", messageText("toolbar", { label }))
    this.element.setAttribute("aria-controls", body.id)
    for (const [name, sign] of Object.entries(BUTTONS)) this.#add(name, sign)
    this.#buttons[0].tabIndex = 0
    this.element.addEventListener("keydown", (event) => this.#moveFocus(event))
    this.link = new LinkForm(view, this.element)
    this.update(view.state)
    document.documentElement.classList.add(WITH_TOOLBAR)
  }

  update(state) {
    for (const button of this.#buttons) {
      const isActive = pressed(button.dataset.command, state)
      if (isActive !== null) button.setAttribute("aria-pressed", isActive)
      const command = commands[button.dataset.command]
      if (command) button.setAttribute("aria-disabled", !command(state) && !isActive)
    }
  }

  focus() {
    this.#buttons.find((button) => button.tabIndex === 0).focus()
  }

  askLink() {
    this.link.open()
  }

  destroy() {
    this.link.close()
    this.element.remove()
    document.documentElement.classList.remove(WITH_TOOLBAR)
  }

  #add(name, sign) {
    const button = document.createElement("button")
    Object.assign(button, { type: "button", tabIndex: -1, title: messageText(`toolbar.${name}`) })
    button.dataset.command = name
    button.setAttribute("aria-label", messageText(`toolbar.${name}`))
    button.dataset.sign = sign ?? messageText(`toolbar.${name}`) // drawn by the style sheet; the accessible name is aria-label
    button.addEventListener("mousedown", (event) => event.preventDefault()) // keep the caret in the text
    button.addEventListener("click", () => this.#run(name))
    this.#buttons.push(button)
    this.element.append(button)
  }

  #run(name) {
    if (name === "link") return this.askLink()
    commands[name](this.#view.state, this.#view.dispatch, this.#view)
    this.#view.focus()
  }

  #moveFocus(event) {
    const at = this.#buttons.indexOf(event.target)
    if (event.key === "Escape" && at >= 0) this.#view.focus()
    const last = this.#buttons.length - 1
    const to = { ArrowRight: at === last ? 0 : at + 1, ArrowLeft: at === 0 ? last : at - 1, Home: 0, End: last }[event.key]
    if (at < 0 || to === undefined) return
    event.preventDefault()
    this.#buttons[at].tabIndex = -1
    this.#buttons[to].tabIndex = 0
    this.#buttons[to].focus()
  }
}
