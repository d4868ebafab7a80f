// Note at a plain field (a comment, the box for tables) into which pictures were pasted: it cannot hold them.

import { note } from "../text-note.js"
import { countedMessage, loadLaterMessages } from "../messages.js"

/** @param pictures how many were pasted into `field` */
export async function notePictures(field, pictures) {
  await loadLaterMessages()
  const place = (field.closest("label") ?? field).parentElement
  note(place, countedMessage("paste.pictures", pictures))
  field.addEventListener("input", () => note(place, null), { once: true })
}
