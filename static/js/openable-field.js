// What <kw-field> (fields.js) can do as a part of the page that opens: it shows its value for reading until it is opened;
// then it holds a form. Fields of an open row (tr[data-open]) are forms as long as the row is open.

import { closed, opened } from "./close-by-back.js"
import { dropWrong, forgetState } from "./field-change.js"
import { current, reset } from "./form-values.js"
import { afterPress, focusFirst, focusPen } from "./press.js"
import { formOf, keptForm } from "./sheet-forms.js"
import { morphTo } from "./swap.js"

export class OpenableField extends HTMLElement {
  /** The values of the form that the server has answered last, as text. */
  answered = null
  #leaving = false

  get form() {
    return this.querySelector(":scope > form")
  }

  /** The reason why the server has refused the value in the form. */
  get error() {
    return this.form?.querySelector(".error")
  }

  /** Show the form. @param focus whether its first control gets the focus. @param isWanted whether to open it once it has
   *  arrived. Resolves with false if the form cannot be had now, with null if it is not wanted any more. */
  async open({ focus = true, isWanted = () => this.isConnected } = {}) {
    const pen = this.querySelector(":scope > .pen")
    const form = this.form ?? (pen && (await formOf(this, pen.href)))
    if (!form) return false
    if (!isWanted()) return null
    if (!this.form) this.append(form)
    this.#watchBack()
    if (focus) focusFirst(this.form)
    return true
  }

  /** Put a newer form in place of the present one, unless the user is in it, has changed it, or sees why it was refused.
   *  @param except the field whose change this is the response to */
  takeForm(form, except) {
    if (!this.form) return
    if (except !== this && (this.dirty || this.error || this.contains(document.activeElement))) return
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

  /** Show what the server has answered last, as what the user sent since was taken back here. */
  showKept() {
    const kept = keptForm(this)
    if (kept) this.takeForm(kept, this)
    this.mark()
    forgetState(this)
    this.close()
    document.dispatchEvent(new CustomEvent("kw:settled"))
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
      if (this.#leaving && focused) focusPen(this)
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

  /** Show the server's value again, and leave. */
  takeBack() {
    if (this.error) dropWrong(this)
    if (this.dirty && !this.refused) reset(this.form)
    this.mark()
    this.leave()
  }

  /** The user goes on in the form. */
  stay() {
    this.#leaving = false
    this.#watchBack()
  }

  /** The system's Back: take a refused value back, save any other, and leave. While that waits, the next Back is the
   *  field's too, unless it would change nothing. */
  #onBack() {
    const waiting = this.#leaving && !this.error
    if (this.error && !this.dirty) dropWrong(this)
    this.save()
    this.leave()
    if (!waiting) this.#watchBack()
  }

  /** A cell is closed with its row. */
  #watchBack() {
    if (this.form && !this.closest("[data-row-form]")) opened(this, () => this.#onBack())
  }
}
