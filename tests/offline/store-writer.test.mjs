// The writer of a page's plans: into the account's database; reading all records.

import assert from "node:assert/strict"
import { test } from "node:test"
import { open, settled } from "../page.mjs"

async function ready(data = {}) {
  const page = open("", { data })
  page.document.title = "Bins · Klimawerk"
  const [storeWriter, storeAccess, { device }] = await Promise.all(["store/store-writer.js", "store/store-access.js", "store/device.js"].map(page.load))
  return Object.assign(page, storeWriter, storeAccess, { device })
}
const words = [{ label: "Cost", text: "1" }]

test("a record says whose it is, and where and since when", async () => {
  const page = await ready()
  page.storePlan("cost", () => ({ kind: "post", words }))
  await settled()
  const [record] = page.disk.waiting.values()
  const { page: name } = page.device
  assert.deepEqual(record, {
    id: `${name} cost`, page: name, since: Date.now(), at: Date.now(), stuck: "", kind: "post", words,
    where: { title: "Bins", path: "/items/7" },
  })
  assert.equal(page.stateOf("cost"), "kept")
  page.dropPlan("cost")
  await settled()
  assert.equal(page.disk.waiting.size, 0)
})

test("a computer that others use too keeps nothing, and says so", async () => {
  const page = await ready({ shared: "" })
  page.storePlan("cost", () => ({ kind: "post", words }))
  await settled()
  assert.equal(page.disk.waiting.size, 0)
  assert.equal(page.stateOf("cost"), "unkept")
})

test("what only this page has is read with the rest, marked as lost with it, and nothing twice", async () => {
  const page = await ready()
  page.storePlan("cost", () => ({ kind: "post", words }))
  await settled()
  assert.deepEqual((await page.listAll()).map(({ lost }) => lost), [undefined])
  page.disk.broken = true
  page.storePlan("why", () => ({ kind: "post", words }))
  await settled()
  assert.deepEqual((await page.listAll()).map(({ id, lost }) => [id.split(" ")[1], lost]), [["why", true]])
  page.disk.broken = false
  assert.deepEqual((await page.listAll()).map(({ id, lost }) => [id.split(" ")[1], lost]).sort(), [["cost", undefined], ["why", undefined]])
})

test("what another page left goes only once this page's own record is kept", async () => {
  const page = await ready()
  page.disk.waiting.set("left", { id: "left" })
  page.disk.broken = true
  page.storePlan("cost", () => ({ kind: "post", words }))
  await settled()
  await page.replaceRecord({ id: "left" }, "cost")
  page.disk.broken = false
  assert.equal(page.disk.waiting.has("left"), true)
  page.storePlan("cost", () => ({ kind: "post", words }))
  await page.replaceRecord({ id: "left" }, "cost")
  await settled()
  assert.deepEqual([...page.disk.waiting.keys()], [`${page.device.page} cost`])
})
