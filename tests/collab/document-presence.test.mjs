// Users in a document as sent by the server; carets of no one else.

import assert from "node:assert/strict"
import { test } from "node:test"
import { DocumentPresence } from "../../static/js/collab/document-presence.js"

const [AMINA, JONAS] = [{ sid: "a", name: "Amina" }, { sid: "j", name: "Jonas" }]

function open() {
  const one = Object.assign(new DocumentPresence(), { told: 0, kept: null })
  one.carets = { keepOnly: (sids) => (one.kept = [...sids.keys()]) }
  one.addEventListener("people", () => one.told++)
  return one
}

test("before the server has answered nobody is there and nothing may be written", () => {
  const { people, ready, joined, write, reason, by, closed } = new DocumentPresence()
  assert.deepEqual([people.size, ready, joined, write, reason, by, closed], [0, false, false, false, "", "", ""])
})

test("who is there is who the server names last, and it is told", () => {
  const one = open()
  one.setPeople([AMINA, JONAS])
  assert.deepEqual([...one.people.values()], [AMINA, JONAS])
  one.setPeople([JONAS])
  assert.deepEqual([...one.people], [["j", JONAS]])
  assert.equal(one.told, 2)
})

test("carets of those who have left go before it is told", () => {
  const one = open()
  one.setPeople([AMINA, JONAS])
  let atThatMoment = null
  one.addEventListener("people", () => (atThatMoment = one.kept))
  one.setPeople([AMINA])
  assert.deepEqual(atThatMoment, ["a"])
})
