// The open documents of this page; routes socket events to them.

import { connection } from "../connection.js"
import { hold } from "../hold.js"
import { DOC_ACCESS, DOC_AWARENESS, DOC_CLOSED, DOC_LEAVE, DOC_PEOPLE, DOC_UPDATE, STORING } from "../wire.js"
import { LiveDocument } from "./document.js"
import { LEFT } from "./close-reasons.js"

const opened = new Map()

/** The live document `name` ("measure:7"), opened once; joined as soon as there is a connection. */
export function open(name) {
  if (!opened.has(name)) {
    const document = new LiveDocument(name)
    opened.set(name, document)
    if (connection.online) document.join()
  }
  return opened.get(name)
}

/** Close document `name` if everything in it is sent and no text of this page shows it. */
export function close(name) {
  const document = opened.get(name)
  if (!document?.settled || globalThis.document.querySelector(`kw-text[data-doc="${name}"]`)) return
  opened.delete(name)
  document.close(LEFT)
  connection.emit(DOC_LEAVE, { doc: name })
}

connection.watch((state) => {
  for (const document of opened.values()) state === "online" ? document.join() : document.suspend()
})
hold.watch(() => opened.forEach((document) => document.flush()))
globalThis.document.addEventListener("visibilitychange", () => {
  // A hidden page receives fewer updates: ask for what is missing.
  if (!globalThis.document.hidden) for (const document of opened.values()) document.join()
})
connection.on(STORING, ({ able }) => able && opened.forEach((document) => document.flush()))
connection.on(DOC_UPDATE, (frame) => opened.get(frame.doc)?.receive(frame))
connection.on(DOC_AWARENESS, ({ doc, sid, a }) => opened.get(doc)?.carets.receive(sid, a))
connection.on(DOC_PEOPLE, ({ doc, people }) => opened.get(doc)?.setPeople(people))
connection.on(DOC_ACCESS, (access) => opened.get(access.doc)?.setAccess(access))
connection.on(DOC_CLOSED, ({ doc, reason }) => opened.get(doc)?.close(reason))
