// The load itself, in a process of its own: node main.mjs LINE. Commands come as JSON, one a line, and each is answered
// with one line: {do: "open", ...plan}, {do: "type", seconds}, ...

import { createInterface } from "node:readline"
import { Workshop } from "./typing.mjs"

const line = await import(`./lines/${process.argv[2]}.mjs`)
let workshop

const verbs = {
  open: async (plan) => {
    workshop = new Workshop(plan, line)
    await workshop.open()
  },
  warm: ({ seconds }) => workshop.warm(seconds),
  type: ({ seconds }) => workshop.type(seconds),
  settle: () => workshop.settle(),
  leave: () => workshop.leave(),
  look: () => workshop.look(),
}

for await (const text of createInterface({ input: process.stdin })) {
  const command = JSON.parse(text)
  const answer = await verbs[command.do](command)
  process.stdout.write(JSON.stringify(answer ?? null) + "\n")
}
process.exit(0)
