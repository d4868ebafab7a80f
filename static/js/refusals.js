// Reads from a response why the server refused a change.

import { isError, sentence } from "./http.js"
import { messageText } from "./messages.js"

/** The reason as a message for the user; "" when the change was accepted or is stored as a conflict (409) for an editor
 *  to resolve. */
export function refusal(answer, html) {
  if (answer.ok) return ""
  if (isError(answer)) return sentence(html) || messageText("offer.refused")
  const part = Object.assign(document.createElement("template"), { innerHTML: html }).content
  if (answer.status === 409 && part.querySelector(".conflict")) return ""
  return part.querySelector(".error")?.textContent.trim() || messageText("offer.refused")
}
