// Why the server did not take a change, read from its answer.

import { isError, sentence } from "./http.js"
import { messageText } from "./messages.js"

/** A sentence for the person; "" when the change holds, or stands beside another value for an editor to choose. */
export function refusal(answer, html) {
  if (answer.ok) return ""
  if (isError(answer)) return sentence(html) || messageText("offer.refused")
  const part = Object.assign(document.createElement("template"), { innerHTML: html }).content
  if (answer.status === 409 && part.querySelector(".conflict")) return ""
  return part.querySelector(".error")?.textContent.trim() || messageText("offer.refused")
}
