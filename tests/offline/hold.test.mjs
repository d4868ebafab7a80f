// The hold: after more than a day offline changes wait until the user has seen what others did.

import assert from "node:assert/strict"
import { mock, test } from "node:test"
import { open, settled } from "../page.mjs"

const DAY = 24 * 60 * 60 * 1_000

async function ready() {
  const page = open()
  const { connection } = await page.load("connection.js")
  const { hold } = await page.load("hold.js")
  const { saveStatus } = await page.load("save-status.js")
  connection.start("/socket.io")
  await page.socket.online()
  const away = async (ms) => (await page.socket.offline(), mock.timers.tick(ms), await page.socket.online())
  return Object.assign(page, { hold, away, write: () => saveStatus.waiting("cost", () => null) })
}

test("words that waited for more than a day are asked about, and those of a day are not", async () => {
  for (const [ms, open] of [[DAY, true], [DAY + 1, false]]) {
    const page = await ready()
    page.write()
    await page.away(ms)
    assert.equal(page.hold.open, open)
  }
})

test("who has written nothing is asked nothing, however long they were away", async () => {
  const page = await ready()
  await page.away(3 * DAY)
  assert.equal(page.hold.open, true)
})

test("several short breaks are not one long one, and tries in between do not shorten a long one", async () => {
  const page = await ready()
  page.write()
  for (let i = 0; i < 3; i++) await page.away(DAY / 2)
  assert.equal(page.hold.open, true)
  await page.socket.offline()
  mock.timers.tick(DAY / 2)
  await page.socket.receive("connect_error", new Error("xhr poll error"))
  mock.timers.tick(DAY / 2 + 1)
  await page.socket.online()
  assert.equal(page.hold.open, false)
})

test("what another page has left for more than a day is asked about too", async () => {
  const { hold } = await ready()
  hold.holdIfOld([{ since: Date.now() - DAY }])
  assert.equal(hold.open, true)
  hold.holdIfOld([{ since: Date.now() }, { since: Date.now() - DAY - 1 }])
  assert.equal(hold.open, false)
})

test("who has let their changes go is not asked again about what is old, but after another day away", async () => {
  const page = await ready()
  let opened = 0
  page.hold.watch(() => opened++)
  page.hold.holdIfOld([{ since: 0 }])
  page.hold.release()
  assert.deepEqual([page.hold.open, opened], [true, 1])
  page.hold.holdIfOld([{ since: 0 }])
  assert.equal(page.hold.open, true)
  page.write()
  await page.away(DAY + 1)
  assert.equal(page.hold.open, false)
  page.hold.release()
  assert.equal(page.hold.open, true)
  await settled()
})
