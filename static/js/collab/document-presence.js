// Who is in a document, and what this person may do there; tells of it by events.
// What extends it has `carets`.

export class DocumentPresence extends EventTarget {
  people = new Map()
  ready = false
  joined = false
  write = false
  reason = ""
  by = ""
  closed = ""

  tell(event) {
    this.dispatchEvent(new Event(event))
  }

  /** Who has this document open now, as the server says. */
  meet(people) {
    this.people = new Map(people.map((person) => [person.sid, person]))
    this.carets.keep(this.people)
    this.tell("people")
  }
}
