// Users in a document, the permissions of this user, and events of both. Subclasses have `carets`.

export class DocumentPresence extends EventTarget {
  people = new Map()
  ready = false
  joined = false
  write = false
  reason = ""
  by = ""
  closed = ""

  emit(event) {
    this.dispatchEvent(new Event(event))
  }

  /** Set who has this document open, as sent by the server. */
  setPeople(people) {
    this.people = new Map(people.map((person) => [person.sid, person]))
    this.carets.keepOnly(this.people)
    this.emit("people")
  }
}
