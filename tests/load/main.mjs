// The load generator, in a process of its own: node main.mjs LINE. Commands come as JSON, one a line, and each is
// answered with one line: {do: "open", ...plan}, {do: "type", seconds}, ...

import { createInterface } from "node:readline"
import { Herd } from "./herd.mjs"
import { makeHistory } from "./history.mjs"
import { sleep, until, Workshop } from "./typing.mjs"
import { visit } from "./visits.mjs"

const line = await import(`./lines/${process.argv[2]}.mjs`)
const { Y } = line
let workshop

const verbs = {
  open: async (plan) => {
    workshop = plan.programme ? new (await import("./fields.mjs")).Editors(plan) : new Workshop(plan, line)
    await workshop.open()
  },
  warm: ({ seconds }) => workshop.warm(seconds),
  type: ({ seconds }) => workshop.type(seconds),
  settle: () => workshop.settle(),
  leave: () => workshop.leave(),
  look: () => workshop.look(),
  history: ({ edits, last }) => makeHistory(Y, edits, last),
  fill,
  arrive,
  gather: async (plan) => (workshop = new Herd(plan)).gather(),
  expectLoss: () => workshop.expectLoss(),
  count: () => workshop.count(),
  regather: () => workshop.regather(),
  visit,
}

/** Upload a document that the server does not have yet. */
async function fill({ url, client, state }) {
  const ydoc = new Y.Doc()
  const wire = await line.join({ url, ...client, ydoc })
  Y.applyUpdate(ydoc, new Uint8Array(Buffer.from(state, "base64")))
  await until(() => wire.idle, "the document on the server")
  await sleep(4_000)
  wire.close()
}

/** Join `times` times in sequence: {ms: [...], bytes: [...], size} (`size`: of the document's state). */
async function arrive({ url, client, times }) {
  const [ms, bytes] = [[], []]
  let size = 0
  for (let i = 0; i < times; i++) {
    const ydoc = new Y.Doc()
    const start = performance.now()
    const wire = await line.join({ url, ...client, ydoc })
    await until(() => ydoc.getXmlFragment("description.en").length > 0, "the document")
    ms.push(performance.now() - start)
    bytes.push(wire.bytes)
    size = Y.encodeStateAsUpdate(ydoc).length
    wire.close()
  }
  return { ms, bytes, size }
}

for await (const text of createInterface({ input: process.stdin })) {
  const command = JSON.parse(text)
  const answer = await verbs[command.do](command)
  process.stdout.write(JSON.stringify(answer ?? null) + "\n")
}
process.exit(0)
