// The form for a link's address, below the toolbar.

import { messageText } from "../messages.js"
import { allowedLink } from "./link-rule.js"
import { schema } from "./schema.js"

const { link } = schema.marks

export class LinkForm {
  #view
  #toolbar
  #form = null

  constructor(view, toolbar) {
    this.#view = view
    this.#toolbar = toolbar
  }

  open() {
    this.close()
    this.#form = this.#createForm(this.#currentHref())
    this.#toolbar.after(this.#form)
    this.#form.elements.href.focus()
  }

  close() {
    this.#form?.remove()
    this.#form = null
  }

  #currentHref() {
    const { $from, from, to } = this.#view.state.selection
    let href = link.isInSet($from.marks())?.attrs.href
    this.#view.state.doc.nodesBetween(from, to, (node) => (href ??= link.isInSet(node.marks)?.attrs.href) && false)
    return href ?? ""
  }

  #createForm(href) {
    const form = Object.assign(document.createElement("form"), { className: "text-link", noValidate: true })
    const label = document.createElement("label")
    const input = Object.assign(document.createElement("input"), { name: "href", type: "url", value: href })
    label.append(messageText("link.address"), input)
    const problem = Object.assign(document.createElement("p"), { className: "text-link-problem" })
    problem.setAttribute("role", "alert")
    form.append(label, button(messageText("link.set"), "submit"), button(messageText("link.remove"), "button", "plain"), problem)
    form.addEventListener("submit", (event) => {
      event.preventDefault()
      this.#set(input.value, problem)
    })
    form.querySelector("[type=button]").addEventListener("click", () => this.#apply(null))
    form.addEventListener("keydown", (event) => event.key === "Escape" && (event.stopPropagation(), this.#closeAndFocus()))
    return form
  }

  #set(text, problem) {
    const typed = text.trim()
    const attrs = allowedLink(/^[\w-]+(\.[\w-]+)+(\/|$)/.test(typed) ? `https://${typed}` : typed)
    if (attrs) return this.#apply(attrs)
    problem.textContent = messageText("link.refused")
  }

  /** Set (or with null remove) the link of the selection; at a caret, of the link around it, or insert the address as
   *  new text. */
  #apply(attrs) {
    const { state } = this.#view
    const { from, to } = state.selection.empty ? linkRange(state.selection.$from) : state.selection
    const tr = state.tr
    if (from === to && attrs) tr.insertText(attrs.href, from).addMark(from, from + attrs.href.length, link.create(attrs))
    else if (attrs) tr.addMark(from, to, link.create(attrs))
    else tr.removeMark(from, to, link)
    this.#view.dispatch(tr)
    this.#closeAndFocus()
  }

  #closeAndFocus() {
    this.close()
    this.#view.focus()
  }
}

/** The range of the link at `$from`; the position itself where there is none. */
function linkRange($from) {
  const mark = link.isInSet($from.marks()) ?? link.isInSet($from.nodeAfter?.marks ?? [])
  if (!mark) return { from: $from.pos, to: $from.pos }
  let from = $from.pos
  let to = $from.pos
  $from.parent.forEach((node, offset) => {
    const start = $from.start() + offset
    if (mark.isInSet(node.marks) && start <= $from.pos && start + node.nodeSize >= $from.pos) {
      from = start
      to = start + node.nodeSize
    }
  })
  return { from, to }
}

function button(text, type, className = "") {
  return Object.assign(document.createElement("button"), { type, className, textContent: text })
}
