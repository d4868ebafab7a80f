// What a text says about itself when it cannot be written in, or when words were not taken.

import { note } from "../text-note.js"
import { offer } from "../unsaved-copy.js"
import { saving } from "../save-status.js"
import { drop } from "../store/store-access.js"
import { counted, word } from "../messages.js"

/** Reading goes on, writing does not. */
export function tellReadOnly(host, { reason, by }) {
  if (reason === "role") note(host, "note.role")
  else note(host, by ? "note.locked.by" : "note.locked", { reason, by })
}

/** Words of this text that the server never took, for copying. */
export function tellRefused(host, { offers, error }) {
  const mine = offers.find(({ fragment }) => fragment === host.dataset.fragment)
  if (!mine) return
  const key = `refused ${host.id}`
  const place = () => document.getElementById(host.id)
  const done = () => {
    saving.forget(key)
    drop(mine.key)
  }
  saving.refused(key, place)
  offer({ place, reason: word(`offer.${error}`), label: host.dataset.label, text: mine.text, done })
}

/** What did not come along when something was pasted. @param left {struck, pictures, links}, how many of each */
export function tellPasted(host, left) {
  const said = Object.entries(left).map(([what, n]) => n && counted(`paste.${what}`, n))
  note(host, said.filter(Boolean).join(" ") || null)
}
