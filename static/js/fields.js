// <kw-field>: one value of the record, saved when it is left. The form inside works without any script.

import { retryForever } from "./backoff.js"
import { current, fill, original, reset, spoken } from "./form-values.js"
import { isError } from "./http.js"
import { CLOSED, enqueue, recordOf } from "./post-queue.js"
import { refusal } from "./refusals.js"
import { saveStatus } from "./save-status.js"
import { dropPlan, dropPlanAfter, storePlan } from "./store/store-access.js"
import { swap } from "./swap.js"
import { messageText } from "./messages.js"

// A list or date may be walked through by keyboard: what is passed by is not saved.
const WALKING = 700

class Field extends HTMLElement {
  /** Whether what is typed here was not taken because of a lock, and waits for its writer. */
  stands = false
  #listening = false
  #timer = null
  #sent = null
  #since = undefined

  connectedCallback() {
    if (this.#listening) return
    this.#listening = true
    this.addEventListener("input", () => this.#mark())
    this.addEventListener("change", (event) => this.#changed(event))
    this.addEventListener("focusout", (event) => this.contains(event.relatedTarget) || this.save())
    this.addEventListener("keydown", (event) => this.#pressed(event))
    this.addEventListener("submit", (event) => this.#submitted(event))
  }

  connectedMoveCallback() {}

  get form() {
    return this.querySelector(":scope > form")
  }

  get key() {
    return `field ${this.id}`
  }

  /** What is being typed is kept under a name of its own: what was typed before may be on its way. */
  get draft() {
    return `draft ${this.id}`
  }

  /** What says that the sheet is closed for editing, as far as this page knows; null while it is open. */
  get lock() {
    return this.closest("[data-topic]")?.querySelector(".lock[data-closed]")
  }

  /** Whether it holds something the server has not taken. */
  get dirty() {
    return Boolean(this.form) && current(this.form) !== original(this.form)
  }

  /** Send what was changed; safe to call often. */
  save() {
    clearTimeout(this.#timer)
    const form = this.form
    if (!this.dirty || this.#sent === current(form)) return
    if (this.stands || this.lock) return this.stand()
    const sent = (this.#sent = current(form))
    enqueue({ ...this.change(), answered: (answer) => this.#answered(answer, sent) })
    dropPlanAfter(this.draft, this.key)
  }

  /** Put what was typed in a page that is gone back into the field and send it. False when something newer is here.
   *  @param body what the form held, with the revision it was based on
   *  @param since when it was typed */
  adopt(body, since) {
    if (!this.form || this.dirty || this.#sent !== null) return false
    fill(this.form, body)
    this.#since = since
    if (body.has("rev")) this.dataset.rev = body.get("rev")
    this.#mark()
    if (this.dirty) this.save()
    return true
  }

  /** It is not taken while the sheet is closed for editing. @param why the server's sentence, if it has said one */
  stand(why = "") {
    this.stands = true
    retryForever(() => import("./seldom/locked-field.js")).then(({ keepRefusedText }) => keepRefusedText(this, why))
    return why
  }

  /** The sheet may just have been closed: who is typing here is told here. */
  heed() {
    if (!this.stands && this.#unsent && this.lock) this.stand()
  }

  /** The server has drawn the field anew: show what it says. */
  settle() {
    if (this.form) reset(this.form)
    this.#mark()
  }

  get #unsent() {
    return this.dirty && this.#sent !== current(this.form)
  }

  #mark() {
    this.toggleAttribute("data-dirty", this.dirty)
    if (this.stands || (this.#unsent && this.lock)) this.stand()
    else if (this.#unsent) storePlan(this.draft, () => this.dirty && recordOf(this.change()), true)
    else dropPlan(this.draft)
  }

  /** As it is sent, or kept. */
  change() {
    return {
      key: this.key,
      lane: this.closest("[data-topic]")?.dataset.topic ?? "",
      url: this.form.action,
      body: new URLSearchParams(new FormData(this.form)),
      prepare: (body) => body.set("rev", this.dataset.rev),
      place: () => document.getElementById(this.id),
      element: this.id,
      label: this.#label,
      text: spoken(this.form),
      since: this.#since,
    }
  }

  get #label() {
    return this.querySelector(".label, legend")?.textContent.replace(/\s+/g, " ").trim() ?? messageText("offer.yours")
  }

  #changed(event) {
    this.#mark()
    clearTimeout(this.#timer)
    if (event.target.matches("select, [type=checkbox], [type=radio], [type=date], [type=month]")) {
      this.#timer = setTimeout(() => this.save(), WALKING)
    }
  }

  #pressed(event) {
    if (event.key === "Escape" && this.dirty) {
      event.stopPropagation()
      reset(this.form)
      this.#mark()
    } else if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) this.save()
  }

  #submitted(event) {
    if (event.target !== this.form) return
    event.preventDefault()
    this.save()
  }

  async #answered(answer, sent) {
    if (this.#sent === sent) this.#sent = null
    this.#since = undefined
    const html = await answer.text()
    const reason = refusal(answer, html)
    if (answer.status === CLOSED && this.dirty) return this.stand(reason)
    if (![200, 409, 422].includes(answer.status) || isError(answer)) return this.#refused(reason)
    if (this.form && current(this.form) !== sent) return this.#goOn(html, answer)
    this.removeAttribute("data-dirty")
    swap(html, { except: this })
    if (answer.status === 200) document.dispatchEvent(new CustomEvent("kw:settled"))
    else this.#notTaken(reason)
    return reason
  }

  /** The person is already typing the next value: only the revision it will be based on is taken over. */
  #goOn(html, answer) {
    const template = Object.assign(document.createElement("template"), { innerHTML: html })
    const newer = template.content.getElementById(this.id)
    if (answer.status === 200 && newer) this.dataset.rev = newer.dataset.rev
    this.#mark()
    if (!this.contains(document.activeElement)) this.save()
  }

  /** Both values stand at the field, or the reason does. */
  #notTaken(reason) {
    if (!reason) saveStatus.forget(this.key)
    else saveStatus.refused(this.key, () => document.getElementById(this.id))
  }

  #refused(reason) {
    const place = () => document.getElementById(this.id)
    saveStatus.refused(this.key, place)
    const text = this.form ? spoken(this.form) : ""
    const done = () => (saveStatus.forget(this.key), dropPlan(this.key))
    retryForever(() => import("./unsaved-copy.js")).then(({ showUnsavedCopy }) => showUnsavedCopy({ place, reason, label: this.#label, text, done }))
    if (this.form) this.settle()
    return reason
  }
}

customElements.define("kw-field", Field)
