// The change of a field's value, as the queue sends it and the browser stores it; what is shown if it is refused.

import { retryForever } from "./backoff.js"
import { readable } from "./form-values.js"
import { loadLater } from "./load.js"
import { messageText } from "./messages.js"
import { saveStatus } from "./save-status.js"
import { dropPlan } from "./store/store-access.js"

/** @param field an open <kw-field> @param since when it was typed, if that was in a closed page */
export function changeOf(field, since) {
  const { form, id } = field
  return {
    key: field.key,
    lane: field.closest("[data-topic]")?.dataset.topic ?? "",
    url: form.action,
    body: new URLSearchParams(new FormData(form)),
    prepare: (body) => body.set("rev", form.dataset.rev),
    place: () => document.getElementById(id),
    element: id,
    label: labelOf(field),
    text: readable(form),
    since,
  }
}

/** The field's name as the user reads it. */
export function labelOf(field) {
  return field.querySelector(".label, legend")?.textContent.replace(/\s+/g, " ").trim() ?? messageText("offer.yours")
}

/** Remove the state that is shown at the field. */
export function forgetState(field) {
  saveStatus.forget(field.key)
  field.querySelector(":scope > .field-state")?.remove()
}

/** Offer the typed value for copying: the server has refused it for `reason`. */
export function offerCopy(field, reason) {
  const place = () => document.getElementById(field.id)
  saveStatus.refused(field.key, place)
  const text = field.form ? readable(field.form) : ""
  field.offering = true
  const done = () => {
    field.offering = false
    saveStatus.forget(field.key)
    dropPlan(field.key)
    document.dispatchEvent(new CustomEvent("kw:settled"))
  }
  retryForever(loadLater).then(({ showUnsavedCopy }) => showUnsavedCopy({ place, reason, label: labelOf(field), text, done }))
}

/** Take back a value that the server has refused with a reason. */
export function dropWrong(field) {
  field.restoreForm()
  dropPlan(field.key)
  forgetState(field)
}
