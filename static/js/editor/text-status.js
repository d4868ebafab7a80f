// Notes at a text: why it is read-only, unsent text for copying, what a paste left out.

import { note } from "../text-note.js"
import { showUnsavedCopy } from "../unsaved-copy.js"
import { saveStatus } from "../save-status.js"
import { dropPlan } from "../store/store-access.js"
import { countedMessage, messageText } from "../messages.js"

/** Show why the user may not write. */
export function showReadOnly(host, { reason, by }) {
  if (reason === "role") note(host, "note.role")
  else note(host, by ? "note.locked.by" : "note.locked", { reason, by })
}

/** Show text that the server never stored, for copying. */
export function showRefused(host, { offers, error }) {
  const copy = offers.find(({ fragment }) => fragment === host.dataset.fragment)
  if (!copy) return
  const key = `refused ${host.id}`
  const place = () => document.getElementById(host.id)
  const done = () => {
    saveStatus.forget(key)
    dropPlan(copy.key)
  }
  saveStatus.refused(key, place)
  showUnsavedCopy({ place, reason: messageText(`offer.${error}`), label: host.dataset.label, text: copy.text, done })
}

/** Show what a paste left out. @param left {struck, pictures, links}: how many of each */
export function showPasteNotes(host, left) {
  const messages = Object.entries(left).map(([what, n]) => n && countedMessage(`paste.${what}`, n))
  note(host, messages.filter(Boolean).join(" ") || null)
}
