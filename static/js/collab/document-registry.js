// The live documents of this page, each opened once, and the wire that feeds them.

import { connection } from "../connection.js"
import { hold } from "../hold.js"
import { DOC_ACCESS, DOC_AWARENESS, DOC_CLOSED, DOC_LEAVE, DOC_PEOPLE, DOC_UPDATE, STORING } from "../wire.js"
import { LiveDocument } from "./document.js"
import { LEFT } from "./close-reasons.js"

const opened = new Map()

/** The live document `name` ("measure:7"); joined as soon as the connection allows. */
export function open(name) {
  if (!opened.has(name)) {
    const document = new LiveDocument(name)
    opened.set(name, document)
    if (connection.online) document.join()
  }
  return opened.get(name)
}

/** Let go of `name`, if everything in it is sent and no text of this page shows it. */
export function close(name) {
  const document = opened.get(name)
  if (!document?.settled || globalThis.document.querySelector(`kw-text[data-doc="${name}"]`)) return
  opened.delete(name)
  document.shut(LEFT)
  connection.tell(DOC_LEAVE, { doc: name })
}

connection.watch((state) => {
  for (const document of opened.values()) state === "online" ? document.join() : document.cutOff()
})
hold.watch(() => opened.forEach((document) => document.hurry()))
globalThis.document.addEventListener("visibilitychange", () => {
  // A hidden page was told little: what it lacks is asked for.
  if (!globalThis.document.hidden) for (const document of opened.values()) document.join()
})
connection.on(STORING, ({ able }) => able && opened.forEach((document) => document.hurry()))
connection.on(DOC_UPDATE, (frame) => opened.get(frame.doc)?.receive(frame))
connection.on(DOC_AWARENESS, ({ doc, sid, a }) => opened.get(doc)?.carets.receive(sid, a))
connection.on(DOC_PEOPLE, ({ doc, people }) => opened.get(doc)?.meet(people))
connection.on(DOC_ACCESS, (access) => opened.get(access.doc)?.allow(access))
connection.on(DOC_CLOSED, ({ doc, reason }) => opened.get(doc)?.shut(reason))
