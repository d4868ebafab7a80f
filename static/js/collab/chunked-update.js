// Sends one Yjs update, in parts if it is large. Only the acknowledgement of the last part means that it is stored.

import { connection } from "../connection.js"
import { DOC_UPDATE, PART_BYTES } from "../wire.js"
import { encode } from "./base64.js"

let count = 0

/** Send `update` (Uint8Array) of document `doc`; resolves with the last acknowledgement, or the first that is not
 *  ok. */
export async function sendUpdate(doc, update) {
  if (update.length <= PART_BYTES) return connection.send(DOC_UPDATE, { doc, u: encode(update) })
  const id = `${connection.id}-${++count}`
  const of = Math.ceil(update.length / PART_BYTES)
  let answer = null
  for (let part = 0; part < of; part++) {
    const u = encode(update.subarray(part * PART_BYTES, (part + 1) * PART_BYTES))
    answer = await connection.send(DOC_UPDATE, { doc, u, id, part, of })
    if (!answer.ok) break
  }
  return answer
}
