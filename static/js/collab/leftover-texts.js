// Unsent texts that closed pages have left in this browser's store: opens the document, sends them, and closes it if no
// text of this page shows it.

import { showAbsenceNotice } from "../store/absence-notice.js"
import { pendingChanges } from "../store/pending-changes.js"
import { close, open } from "./document-registry.js"

/** After more than a day offline, ask the user before anything is sent. */
export function askFirst() {
  return showAbsenceNotice()
}

/** Send the unsent text of document `doc` among `left` (records of closed pages), then close the document. */
export async function sendText(doc, left) {
  const live = open(doc)
  const records = []
  for (const record of left) {
    if (record.kind === "text" && record.doc === doc && (await pendingChanges.claim(record))) records.push(record)
  }
  await live.adopt(records)
  for (const event of ["taken", "refused", "closed"]) live.addEventListener(event, () => setTimeout(() => close(doc), 2_000))
}
