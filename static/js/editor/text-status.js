// What a text says about itself when it cannot be written in, or when words were not taken.

import { note } from "../text-note.js"
import { showUnsavedCopy } from "../unsaved-copy.js"
import { saveStatus } from "../save-status.js"
import { dropPlan } from "../store/store-access.js"
import { countedMessage, messageText } from "../messages.js"

/** Reading goes on, writing does not. */
export function showReadOnly(host, { reason, by }) {
  if (reason === "role") note(host, "note.role")
  else note(host, by ? "note.locked.by" : "note.locked", { reason, by })
}

/** Words of this text that the server never took, for copying. */
export function showRefused(host, { offers, error }) {
  const mine = offers.find(({ fragment }) => fragment === host.dataset.fragment)
  if (!mine) return
  const key = `refused ${host.id}`
  const place = () => document.getElementById(host.id)
  const done = () => {
    saveStatus.forget(key)
    dropPlan(mine.key)
  }
  saveStatus.refused(key, place)
  showUnsavedCopy({ place, reason: messageText(`offer.${error}`), label: host.dataset.label, text: mine.text, done })
}

/** What did not come along when something was pasted. @param left {struck, pictures, links}, how many of each */
export function showPasteNotes(host, left) {
  const said = Object.entries(left).map(([what, n]) => n && countedMessage(`paste.${what}`, n))
  note(host, said.filter(Boolean).join(" ") || null)
}
