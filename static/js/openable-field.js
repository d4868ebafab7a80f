// What <kw-field> (fields.js) can do as a part of the page that opens: it shows its value for reading until it is opened;
// then it holds a form. Fields of an open row (tr[data-open]) are forms as long as the row is open.

import { closed, opened } from "./close-by-back.js"
import { current, reset } from "./form-values.js"
import { afterPress, focusFirst } from "./press.js"
import { formOf, keptForm } from "./sheet-forms.js"
import { morphTo } from "./swap.js"

export class OpenableField extends HTMLElement {
  /** The values of the form that the server has answered last, as text. */
  answered = null
  #leaving = false

  get form() {
    return this.querySelector(":scope > form")
  }

  /** Show the form. @param focus whether its first control gets the focus. Resolves with false if the form cannot be had
   *  now. */
  async open({ focus = true } = {}) {
    const pen = this.querySelector(":scope > .pen")
    const form = this.form ?? (pen && (await formOf(this, pen.href)))
    if (!form) return false
    if (!this.form) this.append(form)
    opened(this, () => this.leave())
    if (focus) focusFirst(this.form)
    return true
  }

  /** Put a newer form in place of the present one, unless the user has changed it. @param except the field whose change
   *  this is the response to */
  takeForm(form, except) {
    if (!this.form || (except !== this && this.dirty)) return
    if (except === this && this.dirty && current(this.form) !== this.answered) return
    morphTo(this.form, form)
    reset(this.form) // controls keep what was typed, whatever their attributes say
    this.mark()
  }

  /** Take over a form that arrived while the user was here. */
  catchUp() {
    const newer = this.form && !this.busy && keptForm(this)
    if (newer && Number(newer.dataset.rev) > Number(this.form.dataset.rev)) this.takeForm(newer)
  }

  /** Show the form without what the server has refused. */
  restoreForm() {
    morphTo(this.form, keptForm(this))
    reset(this.form)
  }

  /** Show the value for reading again, as soon as nothing of it waits and the user is elsewhere or leaving. */
  close() {
    if (!this.#closable) return
    afterPress(() => {
      if (!this.#closable) return
      const focused = this.contains(document.activeElement) || document.activeElement === document.body
      this.form.remove()
      closed(this)
      if (this.#leaving && focused) this.querySelector(":scope > .pen")?.focus({ preventScroll: true })
      this.#leaving = false
    })
  }

  get #closable() {
    if (!this.form || this.closest("[data-row-form]") || this.busy) return false
    return this.#leaving || !this.contains(document.activeElement)
  }

  /** Close and give the focus to the pen; while something waits, the form and the focus stay. A cell stays open with its
   *  row, and gets the focus if it was lost. */
  leave() {
    if (this.closest("[data-row-form]")) return this.contains(document.activeElement) || focusFirst(this.form)
    this.#leaving = true
    this.close()
  }

  /** The user goes on in the form. */
  stay() {
    this.#leaving = false
  }
}
