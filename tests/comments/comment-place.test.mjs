// What a new comment is about: the text, field, cell or row where the user was, also after its form has closed.

import assert from "node:assert/strict"
import { test } from "node:test"
import { open } from "../page.mjs"
import { field, form, row, rowForm } from "../sheet-page.mjs"

const CODES = ["cost", "row:a:due", "row:b:text.en"]
const cost = (inside) => `<kw-field id="f-7-cost">${inside}</kw-field>`
const BODY = `<main class="sheet">${cost(`<p class="value">100</p><a class="pen" href="/items/7/fields/cost">Edit</a>`)}
  <table>${row("a", 1, { due: "May" })}</table><button id="other"></button></main>
  <aside class="panel"><a data-comment-key></a><form id="begin-7"><select name="about"><option value="">All</option>
  ${CODES.map((code) => `<option value="${code}">${code}</option>`).join("")}</select></form></aside>`

async function ready() {
  const page = open(BODY, { words: { "comments.here": "Comment here" } })
  const { followPlace, subjectHere } = await page.load("comment-place.js")
  followPlace(() => {})
  const get = (selector) => page.document.querySelector(selector)
  return Object.assign(page, {
    get,
    about: () => subjectHere(get("#begin-7")),
    back: () => page.document.dispatchEvent(new CustomEvent("kw:panel-closed")),
  })
}

test("a comment made while a field is open is about that field, though its form has closed meanwhile", async () => {
  const page = await ready()
  const reading = page.get("#f-7-cost").innerHTML
  page.get("#f-7-cost").innerHTML = `<form><input id="input"></form>`
  page.get("#input").focus()
  assert.equal(page.about(), "cost")
  page.get("#f-7-cost").innerHTML = reading
  assert.equal(page.about(), "cost")
  page.back()
  assert.ok(page.document.activeElement === page.get("#f-7-cost .pen"))
})

test("a comment made in an open row is about its cell, and the focus goes back to the row's pen", async () => {
  const page = await ready()
  const { closeRow, openRow } = await page.load("sheet-forms.js")
  const content = page.document.createElement("div")
  content.innerHTML = rowForm("a", 1, { due: "May" })
  openRow(page.get("#row-a"), content.firstElementChild)
  page.get("#row-a input").focus()
  closeRow(page.get("#row-a"))
  assert.ok(!page.get("#row-a input"))
  assert.equal(page.about(), "row:a:due")
  page.back()
  assert.ok(page.document.activeElement === page.get("#row-a .pen"))
})

test("a comment made at a control that is still there is about its place", async () => {
  const page = await ready()
  page.get("#row-a .pen").focus()
  assert.equal(page.about(), "row:a:due")
  page.back()
  assert.ok(page.document.activeElement === page.get("#row-a .pen"))
})

test("before anything was touched a comment is about the whole sheet", async () => {
  const page = await ready()
  assert.equal(page.about(), "")
})
