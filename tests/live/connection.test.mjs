// Reconnecting, and what a page gets when there is no connection.

import assert from "node:assert/strict"
import { test } from "node:test"
import { open, pass, settled } from "../page.mjs"

async function started(options) {
  const page = open("", options)
  const { connection } = await page.load("connection.js")
  connection.start("/socket.io")
  const states = []
  connection.watch((state) => states.push(state))
  return Object.assign(page, { connection, states })
}

test("a page says which protocol it speaks and what it can do without", async () => {
  const { socket } = await started()
  const given = []
  socket.options.auth((auth) => given.push(auth))
  assert.deepEqual(given, [{ v: 1, schema: 2, saver: false, hidden: false }])
  assert.deepEqual(socket.options.transports, ["websocket", "polling"])
  assert.equal(socket.connects, 1)
})

test("a page that is hidden, or whose person saves data, says so while connected, and needs not otherwise", async () => {
  const page = await started()
  page.hide(true)
  assert.deepEqual(page.socket.sent, [])
  await page.socket.online()
  page.hide(true)
  assert.deepEqual(page.socket.all("quiet"), [{ saver: false, hidden: true }])
})

test("whoever watches hears the state now and at each change, until they want no more", async () => {
  const { connection, socket, states } = await started()
  assert.deepEqual(states, ["connecting"])
  assert.equal(connection.online, false)
  await socket.online()
  assert.equal(connection.online, true)
  assert.equal(connection.id, "page-1")
  const more = []
  const end = connection.watch((state) => more.push(state))
  await socket.offline()
  end()
  await socket.online()
  assert.deepEqual(states, ["connecting", "online", "offline", "online"])
  assert.deepEqual(more, ["online", "offline"])
})

test("offline is said since when the line broke, however often a try fails", async () => {
  const { connection, socket } = await started()
  await socket.online()
  await pass(1_000)
  await socket.offline()
  const { since } = connection
  await pass(5_000)
  await socket.receive("connect_error", new Error("xhr poll error"))
  assert.equal(connection.since, since)
  await pass(1_000)
  await socket.online()
  assert.ok(connection.since > since)
})

test("what is sent without a connection is answered as unavailable at once, and is not sent later", async () => {
  const { connection, socket } = await started()
  assert.deepEqual(await connection.send("watch", {}), { ok: false, error: "unavailable" })
  connection.emit("here", {})
  await socket.online()
  assert.deepEqual(socket.sent, [])
})

test("an answer is the server's; none in eight seconds, or an empty one, is unavailable", async () => {
  const { connection, socket } = await started()
  await socket.online()
  const answers = [connection.send("watch", 1), connection.send("watch", 2), connection.send("watch", 3, 20_000)]
  assert.deepEqual(socket.sent.map(({ patience }) => patience), [8_000, 8_000, 20_000])
  socket.sent[0].answer({ ok: true, revs: {} })
  socket.sent[1].fail(new Error("operation has timed out"))
  socket.sent[2].answer(undefined)
  const none = { ok: false, error: "unavailable" }
  assert.deepEqual(await Promise.all(answers), [{ ok: true, revs: {} }, none, none])
})

test("an event is heard until its hearer ends that", async () => {
  const { connection, socket } = await started()
  const heard = []
  const end = connection.on("changed", (news) => heard.push(news))
  await socket.receive("changed", 1)
  end()
  await socket.receive("changed", 2)
  assert.deepEqual(heard, [1])
})

test("a page that the server sent away comes back by itself after a pause; the library sees to the rest", async () => {
  const { socket } = await started()
  await socket.online()
  await socket.offline("transport close")
  await pass(20_000)
  assert.equal(socket.connects, 1)
  await socket.online()
  await socket.offline("io server disconnect")
  assert.equal(socket.connects, 1)
  await pass(500)
  assert.equal(socket.connects, 2)
})

test("a page that is refused tries again, with pauses that grow, and anew after a success", async () => {
  const page = await started()
  page.socket.active = false
  const waits = []
  async function waited() {
    const { connects } = page.socket
    await page.socket.receive("connect_error", new Error("unavailable"))
    let ms = 0
    while (page.socket.connects === connects && ms < 20_000) {
      await pass(100)
      ms += 100
    }
    return ms
  }
  for (let i = 0; i < 5; i++) waits.push(await waited())
  assert.deepEqual(waits, [400, 800, 1_500, 1_500, 1_500])
  await page.socket.online()
  assert.equal(await waited(), 400)
})

test("while the library goes on trying, nobody else does", async () => {
  const { socket, states } = await started()
  await socket.receive("connect_error", new Error("xhr poll error"))
  await pass(20_000)
  assert.equal(socket.connects, 1)
  assert.deepEqual(states, ["connecting", "offline"])
  assert.deepEqual(socket.io.opts.transports, ["websocket", "polling"])
})

test("where a WebSocket is swallowed without a word, the other transport is tried first", async () => {
  const { socket } = await started()
  await socket.receive("connect_error", new Error("timeout"))
  assert.deepEqual(socket.io.opts.transports, ["polling", "websocket"])
  await socket.receive("connect_error", new Error("timeout"))
  assert.deepEqual(socket.io.opts.transports, ["websocket", "polling"])
})

test("a network that is back is used at once", async () => {
  const { window, socket } = await started()
  await socket.online()
  window.dispatchEvent(new Event("online"))
  assert.equal(socket.connected, false)
  assert.equal(socket.connects, 2)
})

test("a login that has ended is renewed, and then the page connects", async () => {
  for (const event of ["signed-out", "connect_error"]) {
    const page = await started()
    await page.socket.receive(event, new Error("login_required"))
    assert.equal(page.socket.connects, 1)
    await page.request("/login/form").answer(200, "", { "X-CSRFToken": "new" })
    assert.equal(page.socket.connects, 2)
  }
})

test("who is signed in on the pages and refused on the wire is not asked in a circle", async () => {
  const page = await started()
  await page.socket.receive("signed-out")
  await page.request("/login/form").answer(200)
  await page.socket.receive("signed-out")
  assert.equal(page.requests.length, 1)
  await pass(9_900)
  assert.equal(page.socket.connects, 2)
  await pass(200)
  assert.equal(page.socket.connects, 3)
  await page.socket.receive("signed-out")
  assert.equal(page.requests.length, 2)
})

test("whoever counts hears the size of each message, also when it comes late", async () => {
  const page = await started()
  const engine = { readyState: "open", transport: { name: "polling" }, hear: {}, on: (event, hear) => (engine.hear[event] = hear) }
  Object.assign(page.socket.io, { engine, on: (event, hear) => (page.opened = hear) })
  const heard = []
  page.connection.onMessage((message) => heard.push(message))
  engine.hear.packet({ data: "four" })
  engine.transport.name = "websocket"
  engine.hear.packetCreate({ data: "sixsix" })
  engine.hear.packet({})
  const sizes = [{ length: 4, sent: false, polled: true }, { length: 6, sent: true, polled: false }, { length: 0, sent: false, polled: false }]
  assert.deepEqual(heard, sizes)

  engine.readyState = "opening"
  engine.hear = {}
  page.connection.onMessage((message) => heard.push(message))
  assert.deepEqual(engine.hear, {})
  page.opened()
  engine.hear.packet({ data: "four" })
  assert.equal(heard.length, 4)
  await settled()
})
