// A minimal Socket.IO client over WebSocket: connect, send with and without an answer, receive.
//
// The browser's library needs a window. The packets: "0{...}" opened, "2" ping, "3" pong,
// "40{auth}" and "40{sid}" connect, "44{message}" refused, "41" disconnected, "42[event, payload]" with a number before
// the bracket where an answer is wanted, "43<number>[answer]".

const PATIENCE = 5_000 // ms until a connection counts as failed

export class Socket {
  connected = false
  #answers = new Map()
  #asked = 0
  #over = false

  /** `connect()`, `disconnect()` (also when it never connected) and `event(name, payload)` are called as it goes. */
  constructor({ url, cookie, auth, connect, disconnect, event }) {
    Object.assign(this, { connect, disconnect, event })
    const address = `${url.replace(/^http/, "ws")}/socket.io/?EIO=4&transport=websocket`
    this.line = new globalThis.WebSocket(address, { headers: { cookie } })
    this.line.onmessage = ({ data }) => this.#take(data, auth)
    this.line.onclose = this.line.onerror = () => this.close()
    this.timer = setTimeout(() => this.close(), PATIENCE)
  }

  /** The answer; null when there is none within `patience` ms, or no connection any more. */
  ask(event, payload, patience) {
    if (!this.connected) return Promise.resolve(null)
    const number = ++this.#asked
    this.line.send(`42${number}${JSON.stringify([event, payload])}`)
    return new Promise((done) => {
      const timer = setTimeout(() => this.#answer(number, null), patience)
      this.#answers.set(number, { done, timer })
    })
  }

  tell(event, payload) {
    if (this.connected) this.line.send(`42${JSON.stringify([event, payload])}`)
  }

  close() {
    if (this.#over) return
    this.#over = true
    this.connected = false
    clearTimeout(this.timer)
    for (const number of [...this.#answers.keys()]) this.#answer(number, null)
    this.line.close()
    this.disconnect()
  }

  #take(data, auth) {
    if (this.#over) return
    const [kind, rest] = [data.slice(0, data[0] === "4" ? 2 : 1), data.slice(data[0] === "4" ? 2 : 1)]
    if (kind === "0") this.line.send(`40${JSON.stringify(auth)}`)
    else if (kind === "2") this.line.send("3")
    else if (kind === "40") this.#connected()
    else if (kind === "42") this.event(...JSON.parse(rest.slice(rest.indexOf("["))))
    else if (kind === "43") this.#answer(parseInt(rest), JSON.parse(rest.slice(rest.indexOf("[")))[0] ?? null)
    else if (kind === "41" || kind === "44") this.close()
  }

  #connected() {
    clearTimeout(this.timer)
    this.connected = true
    this.connect()
  }

  #answer(number, answer) {
    const asked = this.#answers.get(number)
    if (!asked) return
    this.#answers.delete(number)
    clearTimeout(asked.timer)
    asked.done(answer)
  }
}
