// <kw-field>: one value of the sheet; while it is open (openable-field.js) its form is saved on focusout.

import { retryForever } from "./backoff.js"
import { changeOf, forgetState, offerCopy } from "./field-change.js"
import { current, fill, original, reset } from "./form-values.js"
import { isError } from "./http.js"
import { loadSeldom } from "./load.js"
import { CLOSED, enqueue, recordOf } from "./post-queue.js"
import { refusal } from "./refusals.js"
import { saveStatus } from "./save-status.js"
import { dropPlan, dropPlanAfter, storePlan } from "./store/store-access.js"
import { OpenableField } from "./openable-field.js"
import { swap } from "./swap.js"

// ms before a choice or date is saved: values passed by keyboard on the way are not.
const CHOICE_DELAY = 700

class Field extends OpenableField {
  /** Whether a lock refused the value, which waits here until the user sends or discards it. */
  refused = false
  /** Whether a value that was not taken is offered here for copying; its row stays open meanwhile. */
  offering = false
  #listening = false
  #timer = null
  #sent = null
  #since = undefined

  connectedCallback() {
    if (this.#listening) return
    this.#listening = true
    this.addEventListener("input", () => {
      this.stay()
      this.mark()
    })
    this.addEventListener("change", (event) => this.#onChange(event))
    this.addEventListener("focusout", (event) => this.contains(event.relatedTarget) || this.#onLeft())
    this.addEventListener("keydown", (event) => this.#onKeydown(event))
    this.addEventListener("submit", (event) => this.#onSubmit(event))
  }

  connectedMoveCallback() {}

  get key() {
    return `field ${this.id}`
  }

  /** The key under which the value being typed is stored; an earlier value may be under way under `key`. */
  get draft() {
    return `draft ${this.id}`
  }

  /** The element that says that the sheet is closed for editing, as far as this page knows; null while it is open. */
  get lock() {
    return this.closest("[data-topic]")?.querySelector(".lock[data-closed]")
  }

  /** Whether it holds a value that the server has not accepted. */
  get dirty() {
    return Boolean(this.form) && current(this.form) !== original(this.form)
  }

  /** Whether it holds something that the server has not answered yet, or has refused. */
  get busy() {
    return this.dirty || this.#sent !== null || this.refused || Boolean(this.error)
  }

  /** Send a changed value; may be called often. */
  save() {
    clearTimeout(this.#timer)
    const form = this.form
    if (!this.dirty || this.#sent === current(form)) return
    if (this.refused || this.lock) return this.keepRefused()
    const sent = (this.#sent = current(form))
    enqueue({ ...this.change(), answered: (answer) => this.#onAnswered(answer, sent) })
    dropPlanAfter(this.draft, this.key)
  }

  /** Put a value typed in a closed page back into the form and send it. False if the field holds something newer.
   *  @param body the form's values and the revision they are based on
   *  @param since when it was typed */
  adopt(body, since) {
    if (!this.form || this.dirty || this.#sent !== null) return false
    fill(this.form, body)
    this.#since = since
    if (body.has("rev")) this.form.dataset.rev = body.get("rev")
    this.mark()
    if (this.dirty) this.save()
    return true
  }

  /** Keep the value in the form: the sheet is closed for editing. @param why the server's message, if there was one */
  keepRefused(why = "") {
    this.refused = true
    retryForever(loadSeldom).then(({ keepRefusedText }) => keepRefusedText(this, why))
    return why
  }

  /** The sheet may have been closed: show that at a field with unsent input. */
  checkLock() {
    if (!this.refused && this.#unsent && this.lock) this.keepRefused()
  }

  get #unsent() {
    return this.dirty && this.#sent !== current(this.form)
  }

  /** Show whether it is changed, and keep what is being typed in the store. */
  mark() {
    this.toggleAttribute("data-dirty", this.dirty)
    if (this.refused || (this.#unsent && this.lock)) this.keepRefused()
    else if (this.#unsent) storePlan(this.draft, () => this.dirty && recordOf(this.change()), true)
    else dropPlan(this.draft)
  }

  /** The change as it is sent or stored. */
  change() {
    return changeOf(this, this.#since)
  }

  #onChange(event) {
    this.mark()
    clearTimeout(this.#timer)
    if (event.target.matches("select, [type=checkbox], [type=radio], [type=date], [type=month]")) {
      this.#timer = setTimeout(() => this.save(), CHOICE_DELAY)
    }
  }

  #onKeydown(event) {
    if (!this.form || event.isComposing) return
    if (event.key === "Escape" && (this.dirty || this.error || !this.closest("[data-row-form]"))) {
      event.preventDefault() // a CloseWatcher would close what is around it, too
      event.stopPropagation()
      this.takeBack()
    } else if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) this.save()
  }

  #onLeft() {
    this.save()
    setTimeout(() => {
      this.catchUp()
      this.close()
    })
  }

  #onSubmit(event) {
    if (event.target !== this.form) return
    event.preventDefault()
    this.save()
    this.leave()
  }

  async #onAnswered(answer, sent) {
    if (this.#sent === sent) this.#sent = null
    this.#since = undefined
    const html = await answer.text()
    const reason = refusal(answer, html)
    if (answer.status === CLOSED && this.dirty) return this.keepRefused(reason)
    if (![200, 409, 422].includes(answer.status) || isError(answer)) return this.#showRefusal(reason)
    if (this.form && current(this.form) !== sent) return this.#keepTyping(html, answer)
    this.removeAttribute("data-dirty")
    this.answered = sent
    swap(html, { except: this })
    this.close()
    if (answer.status === 200) document.dispatchEvent(new CustomEvent("kw:settled"))
    else this.#showProblem(reason)
    return reason
  }

  /** The user already types the next value, which is based on this answer; or has taken back what was sent. */
  #keepTyping(html, { status }) {
    const template = Object.assign(document.createElement("template"), { innerHTML: html })
    const newer = template.content.getElementById(`${this.id}-form`)
    if (status !== 422) swap(html)
    if (status === 200 && newer) this.form.dataset.rev = newer.dataset.rev
    if (!this.dirty) return this.showKept()
    this.mark()
    if (!this.contains(document.activeElement)) this.save()
  }

  /** A conflict shows both values at the field; an invalid value shows its reason. */
  #showProblem(reason) {
    if (!reason) forgetState(this)
    else saveStatus.refused(this.key, () => document.getElementById(this.id))
  }

  #showRefusal(reason) {
    offerCopy(this, reason)
    if (this.form) reset(this.form)
    this.mark()
    this.close()
    return reason
  }
}

customElements.define("kw-field", Field)
