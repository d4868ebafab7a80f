// Hocuspocus with its SQLite extension and otherwise its default settings: node hocuspocus.mjs PORT FILE

import { SQLite } from "@hocuspocus/extension-sqlite"
import { Server } from "@hocuspocus/server"

const [port, database] = process.argv.slice(2)
const server = new Server({
  port: Number(port),
  address: "127.0.0.1",
  quiet: true,
  extensions: [new SQLite({ database })],
})
await server.listen()
