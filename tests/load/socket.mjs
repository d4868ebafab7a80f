// A minimal WebSocket client for text messages that counts the bytes on the wire. (The browser's API does not report
// them, and node 20 has none.)

import { createHash, randomBytes } from "node:crypto"
import { connect } from "node:net"

const TEXT = 1
const CLOSE = 8
const PING = 9
const PONG = 10

/** @param url "ws://host:port/path"; resolves with {send(text), close(), bytes} once the server has accepted
 *  @param heard called with each text message
 *  @param closed called when the connection is closed, if it was ever open */
export function openSocket(url, { headers = {}, heard, closed = () => {} }) {
  const { hostname, port, pathname, search } = new URL(url)
  const key = randomBytes(16).toString("base64")
  const socket = connect(Number(port), hostname)
  socket.setNoDelay(true)
  const lines = Object.entries({
    Host: `${hostname}:${port}`,
    Upgrade: "websocket",
    Connection: "Upgrade",
    "Sec-WebSocket-Key": key,
    "Sec-WebSocket-Version": 13,
    "Sec-WebSocket-Extensions": "permessage-deflate; client_max_window_bits",
    ...headers,
  }).map(([name, value]) => `${name}: ${value}\r\n`)
  socket.write(`GET ${pathname}${search} HTTP/1.1\r\n${lines.join("")}\r\n`)
  const expected = createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64")
  return new Promise((resolve, reject) => {
    let waiting = Buffer.alloc(0)
    let open = false
    socket.on("error", reject)
    socket.on("close", () => (open ? closed() : reject(new Error("the connection was closed"))))
    socket.on("data", (data) => {
      waiting = waiting.length ? Buffer.concat([waiting, data]) : data
      if (!open) {
        const end = waiting.indexOf("\r\n\r\n")
        if (end < 0) return
        const head = waiting.toString("latin1", 0, end)
        if (!head.startsWith("HTTP/1.1 101") || !head.includes(expected)) return reject(new Error(head))
        waiting = waiting.subarray(end + 4)
        open = true
        resolve({
          send: (text) => socket.write(frame(TEXT, Buffer.from(text))),
          close: () => socket.destroy(),
          get bytes() {
            return socket.bytesRead
          },
        })
      }
      waiting = read(waiting, (kind, body) => {
        if (kind === TEXT) heard(body.toString())
        else if (kind === PING) socket.write(frame(PONG, body))
        else if (kind === CLOSE) socket.end()
      })
    })
  })
}

/** Take whole frames from `data`; returns what remains. A server's messages are neither masked nor fragmented. */
function read(data, take) {
  let at = 0
  while (data.length - at >= 2) {
    let length = data[at + 1] & 127
    let start = at + 2
    if (length === 126) {
      if (data.length < at + 4) break
      length = data.readUInt16BE(at + 2)
      start = at + 4
    } else if (length === 127) {
      if (data.length < at + 10) break
      length = Number(data.readBigUInt64BE(at + 2))
      start = at + 10
    }
    if (data.length < start + length) break
    take(data[at] & 15, data.subarray(start, start + length))
    at = start + length
  }
  return data.subarray(at)
}

function frame(kind, body) {
  const mask = randomBytes(4)
  const long = body.length > 65_535
  const size = body.length < 126 ? 2 : long ? 10 : 4
  const bytes = Buffer.alloc(size + 4 + body.length)
  bytes[0] = 128 | kind
  bytes[1] = 128 | (size === 2 ? body.length : long ? 127 : 126)
  if (size === 4) bytes.writeUInt16BE(body.length, 2)
  if (long) bytes.writeBigUInt64BE(BigInt(body.length), 2)
  mask.copy(bytes, size)
  for (let i = 0; i < body.length; i++) bytes[size + 4 + i] = body[i] ^ mask[i & 3]
  return bytes
}
