// Words that pages which are gone have left: an open document adopts them; one that nobody here reads is closed again
// when all is sent.

import { showAbsenceNotice } from "../store/absence-notice.js"
import { pendingChanges } from "../store/pending-changes.js"
import { close, open } from "./document-registry.js"

/** After more than a day their writer is asked before they go. */
export function askFirst() {
  return showAbsenceNotice()
}

export async function sendText(doc, left) {
  const live = open(doc)
  const records = []
  for (const record of left) {
    if (record.kind === "text" && record.doc === doc && (await pendingChanges.claim(record))) records.push(record)
  }
  await live.adopt(records)
  for (const event of ["taken", "refused", "closed"]) live.addEventListener(event, () => setTimeout(() => close(doc), 2_000))
}
