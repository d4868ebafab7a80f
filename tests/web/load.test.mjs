// Files that come later: fetched before they are imported, asked for again, and missed where the server has moved on.

import assert from "node:assert/strict"
import { test } from "node:test"
import { open, settled } from "../page.mjs"

const words = { reload: "There is a newer version of this page.", "reload.now": "Load it now" }

async function ready(...answers) {
  const page = open(`<main></main>`, { words })
  const asked = []
  page.file = (url) => {
    asked.push(new URL(url).pathname.split("/static/")[1])
    const answer = answers.shift() ?? 200
    return answer === "broken" ? Promise.reject(new TypeError("no network")) : new Response(null, { status: answer })
  }
  const { loadEditor, loadLater, loadSeldom } = await page.load("load.js")
  const notice = () => page.document.getElementById("reload")?.textContent
  return Object.assign(page, { loadEditor, loadLater, loadSeldom, asked, notice })
}

test("each file is fetched once, however many ask for it", async () => {
  const page = await ready()
  const [first, second] = await Promise.all([page.loadLater(), page.loadLater()])
  assert.equal(first, second)
  assert.equal(typeof first.showUnsavedCopy, "function")
  assert.deepEqual(page.asked, ["js/later.js"])
  assert.equal(typeof (await page.loadSeldom()).cleanHtml, "function")
  assert.deepEqual(page.asked, ["js/later.js", "js/seldom.js"])
})

test("all that the editor needs is asked for at the same time", async () => {
  const page = await ready("broken")
  await assert.rejects(page.loadEditor())
  assert.deepEqual(page.asked, ["js/editor.js", "js/later.js", "vendor/klimawerk-editor.yjs-13.6.33.js"])
})

test("what did not come is asked for again, and what came is not", async () => {
  const page = await ready(200, "broken", 503)
  await assert.rejects(page.loadEditor())
  await page.loadLater()
  await page.loadEditor().catch(() => {}) // in node it does not get far
  assert.deepEqual(page.asked.slice(3), ["js/later.js", "vendor/klimawerk-editor.yjs-13.6.33.js"])
  assert.equal(page.notice(), undefined, "a line that breaks is no newer version")
})

test("a file that the server no longer has is of a build before: the page says that there is a newer one, once", async () => {
  const page = await ready(404, 404, 404, 404)
  await assert.rejects(page.loadSeldom())
  await assert.rejects(page.loadSeldom())
  await settled()
  assert.equal(page.notice(), "There is a newer version of this page. Load it now")
  assert.equal(page.document.querySelectorAll("#reload").length, 1)
  page.document.querySelector("#reload button").click()
  assert.equal(page.reloads, 1)
})

test("libraries that the browser could not import are tried again", async () => {
  const page = await ready()
  const { importSurely } = await page.load("load.js")
  assert.equal((await importSurely("data:text/javascript,export const a = 1")).a, 1)
  await assert.rejects(importSurely("data:text/javascript,throw new Error('broken')", 10), /broken/)
})
