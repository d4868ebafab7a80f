// Joins a document. The missing part of it comes in the acknowledgement, or by HTTP where it is large.

import { Y } from "../../vendor/klimawerk-editor.yjs-13.6.33.js"
import { connection } from "../connection.js"
import { DOC_JOIN, UNAVAILABLE } from "../wire.js"
import { decode, encode } from "./base64.js"

const TIMEOUT = 15_000

/** The acknowledgement, with the missing part as `update` (Uint8Array) instead of `u` or `url`. `gen`: the document's
 *  identity, if known. */
export async function joinDocument(doc, replica, gen) {
  const sv = encode(Y.encodeStateVector(replica))
  const answer = await connection.send(DOC_JOIN, { doc, sv, ...(gen && { gen }), http: true }, TIMEOUT)
  if (!answer.ok) return answer
  const update = answer.url ? await fetchUpdate(answer.url) : decode(answer.u)
  return update ? { ...answer, update } : { ok: false, error: UNAVAILABLE }
}

/** Aborted when the connection is lost: the response would be of no use, and on a stalled line it would never come. */
async function fetchUpdate(url) {
  const abort = new AbortController()
  const endWatch = connection.watch((state) => state === "online" || abort.abort())
  try {
    const answer = await fetch(url, { credentials: "same-origin", signal: abort.signal })
    return answer.ok ? new Uint8Array(await answer.arrayBuffer()) : null
  } catch {
    return null
  } finally {
    endWatch()
  }
}
