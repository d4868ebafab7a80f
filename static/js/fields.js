// <kw-field>: one value of the record, saved when it is left. The form inside works without any script.

import { current, original, reset } from "./form-values.js"
import { isError, sentence } from "./http.js"
import { offer } from "./offer.js"
import { enqueue } from "./posts.js"
import { saving } from "./saving.js"
import { swap } from "./swap.js"
import { word } from "./words.js"

// A list or date may be walked through by keyboard: what is passed by is not saved.
const WALKING = 700

class Field extends HTMLElement {
  #listening = false
  #timer = null
  #sent = null

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

  /** Whether it holds something the server has not taken. */
  get dirty() {
    return Boolean(this.form) && current(this.form) !== original(this.form)
  }

  /** Send what was changed; safe to call often. */
  save() {
    clearTimeout(this.#timer)
    const form = this.form
    if (!this.dirty || this.#sent === current(form)) return
    const sent = (this.#sent = current(form))
    enqueue({
      key: this.key,
      lane: this.closest("[data-topic]")?.dataset.topic ?? "",
      url: form.action,
      body: new URLSearchParams(new FormData(form)),
      prepare: (body) => body.set("rev", this.dataset.rev),
      place: () => document.getElementById(this.id),
      answered: (answer) => this.#answered(answer, sent),
    })
  }

  /** The server has drawn the field anew: show what it says. */
  settle() {
    if (this.form) reset(this.form)
    this.#mark()
  }

  #mark() {
    this.toggleAttribute("data-dirty", this.dirty)
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
    const html = await answer.text()
    if (![200, 409, 422].includes(answer.status) || isError(answer)) return this.#refused(sentence(html))
    if (this.form && current(this.form) !== sent) return this.#goOn(html, answer)
    this.removeAttribute("data-dirty")
    swap(html, { except: this })
    if (answer.status === 200) document.dispatchEvent(new CustomEvent("kw:settled"))
    else this.#notTaken(answer)
  }

  /** The person is already typing the next value: only the revision it will be based on is taken over. */
  #goOn(html, answer) {
    const template = Object.assign(document.createElement("template"), { innerHTML: html })
    const newer = template.content.getElementById(this.id)
    if (answer.status === 200 && newer) this.dataset.rev = newer.dataset.rev
    if (!this.contains(document.activeElement)) this.save()
  }

  #notTaken(answer) {
    if (answer.status === 409) saving.forget(this.key)
    else saving.refused(this.key, () => document.getElementById(this.id))
  }

  #refused(reason) {
    const place = () => document.getElementById(this.id)
    saving.refused(this.key, place)
    offer({
      place,
      reason: reason || word("offer.refused"),
      label: this.querySelector("label, legend")?.textContent ?? word("offer.yours"),
      text: readable(this.form),
      done: () => saving.forget(this.key),
    })
    if (this.form) this.settle()
  }
}

function readable(form) {
  return form ? JSON.parse(current(form)).map(([, value]) => value).join(" ") : ""
}

customElements.define("kw-field", Field)
