// Simulated clients in one process. Reads commands, answers with events, both as JSON, one a line.
//
// {op: "begin", url, docs, cookies, seed, steps, churn, faults, pause} then {op: "crash", count}, {op: "hold", on},
// {op: "end"}. Events: {event: "steps", count}, {event: "fault", sentence}, {event: "done", ...}.

import { createInterface } from "node:readline"
import { Y } from "../../../static/vendor/klimawerk-editor.yjs-13.6.33.js"
import { Client } from "./client.mjs"
import { Dice } from "./dice.mjs"
import { FRAGMENTS } from "./edits.mjs"
import { read } from "./texts.mjs"

const EVERY = 50 // steps between two reports
const say = (event, more) => process.stdout.write(JSON.stringify({ event, ...more }) + "\n")
const sleep = (ms) => new Promise((done) => setTimeout(done, ms))
const failed = (sentence) => say("fault", { sentence })

let clients = []
let faults = null
let held = false
let steps = 0

const commands = {
  begin: (command) => {
    faults = { ...command.faults, calm: false }
    clients = command.cookies.map((cookie, index) => new Client({ ...command, number: index + 1, cookie, faults, failed }))
    for (const client of clients) walk(client, command)
  },
  crash: ({ count }) => clients.slice(0, count).forEach((client) => client.crash()),
  hold: ({ on }) => (held = on),
  end: () => process.exit(0),
}

/** One client's steps, at irregular intervals, until all clients together have done enough. */
async function walk(client, { steps: wanted, pause }) {
  while (!client.settled) await sleep(20)
  while (steps < wanted) {
    if (held || client.tooMuch) {
      await sleep(20)
      continue
    }
    client.step()
    if (++steps % EVERY === 0 || steps === wanted) say("steps", { count: steps })
    await sleep(client.dice.chance < 0.2 ? 0 : client.dice.below(2 * pause))
  }
  if (++finished === clients.length) await finish()
}

let finished = 0

/** Faults end, all clients reconnect and send unsent updates; then all must be equal. */
async function finish() {
  faults.calm = true
  const until = Date.now() + 120_000
  while (Date.now() < until && !agreed()) await sleep(100)
  const docs = clients[0].docs.map((name, index) => ({ name, ...compared(index) }))
  const ledgers = clients.map((client) => client.ledger.report)
  const sum = (key) => clients.reduce((all, client) => all + client[key], 0)
  const unsettled = clients.filter((client) => !client.settled).map(({ number, open }) => [number, ...open.map(({ replica }) => replica.about)])
  say("done", { docs, ledgers, unsettled, churn: sum("churn"), acknowledged: sum("acknowledged"), lives: sum("life") })
}

function agreed() {
  return clients.every((client) => client.settled) && clients[0].docs.every((_, index) => compared(index).different.length === 0)
}

/** The first client's content, and the numbers of clients with different content. */
function compared(index) {
  const [first, ...rest] = clients.map((client) => client.open[index].replica)
  const all = contentOf(first.doc)
  const others = rest.map(({ doc, seq }, i) => ({ number: i + 2, seq, same: contentOf(doc) === all }))
  const different = others.filter(({ seq, same }) => !same || seq !== first.seq).map(({ number }) => number)
  const content = Object.fromEntries(FRAGMENTS.map((name) => [name, read(first.doc.getXmlFragment(name))]))
  return { different, others, content, seq: first.seq, size: first.size, clients: first.doc.store.clients.size }
}

/** A document as its content, state vector and delete set. */
function contentOf(doc) {
  const content = FRAGMENTS.map((name) => read(doc.getXmlFragment(name)))
  const snapshot = Buffer.from(Y.encodeSnapshot(Y.snapshot(doc))).toString("base64")
  return JSON.stringify([content, snapshot, doc.store.pendingStructs ? "pending" : ""])
}

for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line)
  commands[command.op](command)
}
process.exit(0)
