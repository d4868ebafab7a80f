// Simulated typists: each in a paragraph of their own at a steady pace, each with a replica; when each replica shows
// what.

const FRAGMENT = "description.en"
const LETTERS = "abcdefghijklmnopqrstuvwxyz"
const PATIENCE = 10_000 // ms until what has not arrived counts as lost

/** @param plan {url, urls?, clients: [{doc, cookie, writes}], pace (keys a second), caret?}
 *  @param line one of lines/ */
export class Workshop {
  #plan
  #line
  #people = []
  #times = new Map() // Yjs client id: [ms at which each of its characters was typed, by clock]
  #latencies = []
  #acknowledged = []
  #refused = {}
  #measuring = false

  constructor(plan, line) {
    this.#plan = plan
    this.#line = line
  }

  /** Everybody joins; the first of each document inserts a paragraph for each writer. */
  async open() {
    const { clients, urls, url } = this.#plan
    for (let at = 0; at < clients.length; at += 20) {
      const some = clients.slice(at, at + 20)
      const opened = some.map((client, i) => this.#person(client, urls ? urls[(at + i) % urls.length] : url))
      this.#people.push(...(await Promise.all(opened)))
    }
    for (const people of this.#rooms()) {
      const writers = people.filter(({ writes }) => writes)
      writers.forEach((writer, i) => (writer.place = i + 1))
      writers.length && prepare(this.#line.Y, people[0].ydoc, writers.length)
    }
    const ready = ({ ydoc, room }) => !room.writers.length || paragraphs(ydoc) > room.writers.length
    await until(() => this.#people.every(ready), "paragraphs")
    await until(() => this.#people.every(({ wire }) => wire.idle), "the paragraphs' acknowledgements")
  }

  /** Type for `seconds`; only what is typed then counts. Returns the figures of this time. */
  async type(seconds) {
    this.#measuring = true
    const [letters, bytes] = [this.#letters(), this.#people.map(({ wire }) => wire.bytes)]
    await this.#keep(seconds)
    this.#measuring = false
    return { ...this.#sums(letters, bytes), latencies: this.#latencies, acknowledged: this.#acknowledged }
  }

  /** Type without being measured. */
  async warm(seconds) {
    await this.#keep(seconds)
  }

  /** Wait until everything has arrived everywhere, at most PATIENCE; returns {lost, doubled} over all replicas. */
  async settle() {
    const seen = () => compare(this.#people, this.#people)
    const end = Date.now() + PATIENCE
    while (Date.now() < end && (seen().lost || !this.#people.every(({ wire }) => wire.idle))) await sleep(50)
    return { ...seen(), refused: this.#refused, readers: this.#readers() }
  }

  leave() {
    this.#people.forEach(({ wire }) => wire.close())
  }

  /** What a new client finds of everything that was typed; {lost, doubled} in one replica for each document. */
  async look() {
    const newcomers = []
    for (const people of this.#rooms()) {
      const ydoc = new this.#line.Y.Doc()
      const wire = await this.#line.join({ url: this.#plan.url, cookie: people[0].cookie, doc: people[0].doc, ydoc })
      newcomers.push({ ydoc, room: people[0].room, wire })
    }
    await until(() => !compare(this.#people, newcomers).lost, "", 2_000)
    newcomers.forEach(({ wire }) => wire.close())
    return compare(this.#people, newcomers)
  }

  async #person({ doc, cookie, writes }, url) {
    const ydoc = new this.#line.Y.Doc()
    const person = { doc, cookie, writes, ydoc, typed: "", room: { writers: [] } }
    const acknowledged = (ms) => this.#measuring && this.#acknowledged.push(ms)
    const refused = (code) => (this.#refused[code] = (this.#refused[code] ?? 0) + 1)
    person.wire = await this.#line.join({ url, cookie, doc, ydoc, acknowledged, refused })
    ydoc.on("afterTransaction", (transaction) => this.#arrived(transaction))
    return person
  }

  #rooms() {
    const rooms = Map.groupBy ? Map.groupBy(this.#people, ({ doc }) => doc) : groups(this.#people)
    return [...rooms.values()].map((people) => {
      const room = { writers: people.filter(({ writes }) => writes), size: people.length }
      people.forEach((person) => (person.room = room))
      return people
    })
  }

  async #keep(seconds) {
    const end = performance.now() + seconds * 1000
    const writers = this.#people.filter(({ writes }) => writes)
    await Promise.all(writers.map((writer) => this.#work(writer, end)))
  }

  async #work(writer, end) {
    const between = 1000 / this.#plan.pace
    let next = performance.now() + Math.random() * between
    while (next < end) {
      await sleep(next - performance.now())
      this.#press(writer)
      next += between
    }
    await sleep(end - performance.now())
  }

  #press(writer) {
    const letter = LETTERS[writer.typed.length % LETTERS.length]
    writer.typed += letter
    const text = writer.ydoc.getXmlFragment(FRAGMENT).get(writer.place).get(0)
    const times = this.#times.get(writer.ydoc.clientID) ?? []
    this.#times.set(writer.ydoc.clientID, times)
    times[clockOf(writer.ydoc)] = this.#measuring ? performance.now() : null
    text.insert(text.length, letter)
    if (this.#plan.caret) writer.wire.caret(this.#plan.caret)
  }

  #arrived({ local, beforeState, afterState }) {
    if (local) return
    const now = performance.now()
    for (const [client, after] of afterState) {
      const before = beforeState.get(client) ?? 0
      const times = after > before && this.#times.get(client)
      for (let clock = before; times && clock < after; clock++) {
        if (times[clock]) this.#latencies.push(now - times[clock])
      }
    }
  }

  #letters() {
    return this.#people.reduce((sum, { typed }) => sum + typed.length, 0)
  }

  #sums(letters, bytes) {
    const edits = this.#letters() - letters
    const received = this.#people.reduce((sum, { wire }, i) => sum + wire.bytes - bytes[i], 0)
    const copies = this.#people.reduce((sum, { room, writes }) => sum + room.writers.length - (writes ? 1 : 0), 0)
    const writers = this.#people.filter(({ writes }) => writes).length
    this.#people.forEach((person, i) => (person.received = person.wire.bytes - bytes[i]))
    return { edits, bytesPerEdit: received / ((edits / writers) * copies) }
  }

  /** Bytes received by readers during the measurement. */
  #readers() {
    return this.#people.filter(({ writes }) => !writes).map(({ received }) => received)
  }
}

function prepare(Y, ydoc, count) {
  const fragment = ydoc.getXmlFragment(FRAGMENT)
  const missing = count + 1 - fragment.length
  for (let i = 0; i < missing; i++) {
    const paragraph = new Y.XmlElement("paragraph")
    paragraph.insert(0, [new Y.XmlText(">")])
    fragment.insert(fragment.length, [paragraph])
  }
}

/** How many characters of the writers are missing or doubled in the replicas of `readers`. */
function compare(people, readers) {
  const found = { lost: 0, doubled: 0 }
  for (const { ydoc, room } of readers) {
    for (const { typed, place } of room.writers) {
      const text = ydoc.getXmlFragment(FRAGMENT).get(place)?.get(0)?.toString().slice(1) ?? ""
      found.lost += Math.max(0, typed.length - text.length)
      found.doubled += Math.max(0, text.length - typed.length)
      if (text.length === typed.length && text !== typed) found.lost += 1
    }
  }
  return found
}

function paragraphs(ydoc) {
  return ydoc.getXmlFragment(FRAGMENT).length
}

function clockOf({ clientID, store }) {
  const last = store.clients.get(clientID)?.at(-1)
  return last ? last.id.clock + last.length : 0
}

function groups(people) {
  const rooms = new Map()
  for (const person of people) rooms.set(person.doc, [...(rooms.get(person.doc) ?? []), person])
  return rooms
}

export const sleep = (ms) => (ms > 0 ? new Promise((resolve) => setTimeout(resolve, ms)) : null)

/** @param what names what is missing in the error, as text or a function that returns it; "": no error */
export async function until(condition, what, patience = PATIENCE) {
  const end = Date.now() + patience
  while (!condition()) {
    if (Date.now() > end) {
      if (what) throw new Error(`not there in time: ${typeof what === "string" ? what : what()}`)
      return
    }
    await sleep(20)
  }
}
