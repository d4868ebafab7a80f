// The herd of the load generator: what counts as a refusal.

import assert from "node:assert/strict"
import { test } from "node:test"
import { isRefusal } from "./herd.mjs"

test("a server that answers with an error refuses", () => {
  for (const message of ["HTTP/1.1 503 Service Unavailable", "HTTP/1.1 500 Internal Server Error", '44{"message":"login_required"}']) {
    assert.ok(isRefusal(message), message)
  }
})

test("a server that is down does not, whatever its port", () => {
  for (const message of ["connect ECONNREFUSED 127.0.0.1:25003", "connect ECONNREFUSED 127.0.0.1:20500", "read ECONNRESET", "the connection was closed"]) {
    assert.ok(!isRefusal(message), message)
  }
})
