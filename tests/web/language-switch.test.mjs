// The languages of a sheet: one at a time on narrow screens, two side by side on wide ones, and their tab stops.

import assert from "node:assert/strict"
import { test } from "node:test"
import { open } from "../page.mjs"

const text = (name, language, stop) =>
  `<kw-text data-part="${language}" lang="${language}"><button class="pen" id="${name}-${language}"${stop}></button></kw-text>`
const pair = (name) => `<div class="pair">${text(name, "en", "")}${text(name, "de", ` tabindex="-1"`)}</div>`
const switchTo = (language, more = "") => `<a href="?show=${language}" data-show-language="${language}"${more}></a>`
const BODY = `<div class="desk" data-show="en" data-beside="de">${switchTo("en", ` aria-current="true"`)}${switchTo("de")}
  <main>${pair("why")}</main></div>`

async function ready(width) {
  const page = open(BODY)
  page.window.happyDOM.setViewport({ width })
  const { startLanguages } = await page.load("language-switch.js")
  startLanguages()
  const stops = () => [...page.document.querySelectorAll(".pen")].filter(({ tabIndex }) => tabIndex >= 0).map(({ id }) => id)
  return Object.assign(page, { stops, show: (language) => page.document.querySelector(`[data-show-language=${language}]`).click() })
}

test("on a narrow screen the keyboard reaches the texts of the language that is switched to", async () => {
  const page = await ready(640)
  page.show("de")
  assert.equal(page.document.querySelector(".desk").dataset.show, "de")
  assert.ok(page.stops().includes("why-de"))
})

test("side by side, the texts of both languages are one tab stop", async () => {
  const page = await ready(1280)
  assert.deepEqual(page.stops(), ["why-en"])
})

test("texts that arrive later are tab stops like those before", async () => {
  for (const [width, reached] of [[640, true], [1280, false]]) {
    const page = await ready(width)
    page.document.querySelector("main").insertAdjacentHTML("beforeend", pair("how"))
    page.document.dispatchEvent(new CustomEvent("kw:swapped"))
    assert.equal(page.stops().includes("how-de"), reached)
    assert.ok(page.stops().includes("how-en"))
  }
})

test("a window that is made wider or narrower, or zoomed, has the tab stops of its width", async () => {
  const page = await ready(640)
  for (const [width, stops] of [[1280, ["why-en"]], [640, ["why-en", "why-de"]]]) {
    page.window.happyDOM.setViewport({ width })
    assert.deepEqual(page.stops(), stops)
  }
})
