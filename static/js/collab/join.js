// Asking to join a document: what the page lacks comes in the answer, or from an address where it is large.

import { Y } from "../../vendor/klimawerk-editor.yjs-13.6.33.js"
import { connection } from "../connection.js"
import { DOC_JOIN, UNAVAILABLE } from "../wire.js"
import { decode, encode } from "./base64.js"

const PATIENCE = 15_000

/** The server's answer, with `update` (Uint8Array) for `u` or `url`. `gen`: the document's identity, if known. */
export async function joinDocument(doc, replica, gen) {
  const sv = encode(Y.encodeStateVector(replica))
  const answer = await connection.send(DOC_JOIN, { doc, sv, ...(gen && { gen }), http: true }, PATIENCE)
  if (!answer.ok) return answer
  const update = answer.url ? await fetched(answer.url) : decode(answer.u)
  return update ? { ...answer, update } : { ok: false, error: UNAVAILABLE }
}

/** Once the connection is gone the answer is of no use, and on a line that stalls it would never come. */
async function fetched(url) {
  const patience = new AbortController()
  const over = connection.watch((state) => state === "online" || patience.abort())
  try {
    const answer = await fetch(url, { credentials: "same-origin", signal: patience.signal })
    return answer.ok ? new Uint8Array(await answer.arrayBuffer()) : null
  } catch {
    return null
  } finally {
    over()
  }
}
