// A field of a sheet: from the first keystroke to the response.

import assert from "node:assert/strict"
import { test } from "node:test"
import { open, pass, settled } from "../page.mjs"
import { field, form, forms } from "../sheet-page.mjs"

const CURRENCY = `<select name="currency"><option selected>EUR</option><option>GHS</option></select>`

const reading = (rev, value = "100", more = "") => field("cost", rev, value, { more, label: "Total\n cost" })

/** The field for reading and its form, as the server answers. @param more what stands below the value @param reason in the form */
const drawn = (rev, value = "100", more = "", reason = "") =>
  reading(rev, value, more) + forms(form("f-cost", rev, value, CURRENCY + reason))

/** A page with the field, whose form is kept; without `opened` it is closed. */
async function ready(lock = "", { opened = true, kept = true } = {}) {
  const page = open(`<main data-forms="/items/7/forms"><section id="sheet" data-topic="measure:7" data-rev="12">${lock}${reading(3)}</section></main><button id="other"></button>`)
  const [{ connection }, , { saveStatus }, storeAccess, , { swap }, pens, sheetForms] = await Promise.all(
    ["connection.js", "fields.js", "save-status.js", "store/store-access.js", "unsaved-copy.js", "swap.js", "pens.js", "sheet-forms.js"].map(page.load),
  )
  connection.start("/socket.io")
  await page.socket.online()
  const host = page.document.getElementById("f-cost")
  const event = (target, name, more = {}) => target.dispatchEvent(Object.assign(new Event(name, { bubbles: true, cancelable: true }), more))
  const input = () => host.querySelector("input")
  if (kept) swap(drawn(3))
  if (opened) await host.open()
  return Object.assign(page, {
    field: host,
    saveStatus,
    storeAccess,
    swap,
    pens,
    sheetForms,
    input,
    event,
    value: () => host.querySelector(".value").textContent,
    /** Opens the field if need be. */
    type: async (value) => (await host.open(), input().focus(), (input().value = value), event(input(), "input")),
    leave: async () => (page.document.getElementById("other").focus(), await settled(), await pass(100)),
    bodies: () => page.requests.map(({ body }) => `${body.get("value")} on ${body.get("rev")}`),
    kept: (key) => storeAccess.plans.get(key)?.make?.(),
  })
}

test("a value is sent when its field is left, with the revision it is based on, and once", async () => {
  const page = await ready()
  await page.type("150")
  await settled()
  assert.deepEqual(page.requests, [])
  assert.equal(page.field.hasAttribute("data-dirty"), true)
  await page.leave()
  page.field.save()
  assert.deepEqual(page.bodies(), ["150 on 3"])
  await page.requests[0].answer(200, drawn(4, "150"))
  assert.equal(page.field.dirty, false)
  assert.equal(page.field.dataset.rev, "4")
  assert.equal(page.value(), "150")
  page.field.save()
  assert.equal(page.requests.length, 1)
  assert.equal(page.saveStatus.count, 0)
})

test("a field that was not changed is not sent, nor one that is as it was again", async () => {
  const page = await ready()
  page.input().focus()
  await page.leave()
  await page.type("150")
  await page.type("100")
  await page.leave()
  assert.deepEqual(page.requests, [])
  assert.equal(page.field.hasAttribute("data-dirty"), false)
})

test("what is typed is kept as a draft from the first letter, and as a change once it is sent", async () => {
  const page = await ready()
  await page.type("150")
  const draft = page.kept("draft f-cost")
  assert.deepEqual(draft.words, [{ label: "Total cost", text: "150 EUR" }])
  assert.equal(draft.body, "value=150&currency=EUR&rev=3")
  await page.type("100")
  assert.equal(page.kept("draft f-cost"), undefined)
  await page.type("160")
  await page.leave()
  assert.equal(page.kept("field f-cost").body, "value=160&currency=EUR&rev=3")
})

test("a list that is walked through by keyboard is sent when the walk has ended", async () => {
  const page = await ready()
  const select = page.field.querySelector("select")
  for (const value of ["GHS", "EUR", "GHS"]) {
    select.value = value
    page.event(select, "change")
    await pass(600)
  }
  assert.deepEqual(page.requests, [])
  await pass(200)
  assert.deepEqual(page.requests.map(({ body }) => body.get("currency")), ["GHS"])
})

test("words are not sent while somebody stays in the field", async () => {
  const page = await ready()
  await page.type("150")
  page.event(page.input(), "change")
  await pass(5_000)
  assert.deepEqual(page.requests, [])
})

test("Escape brings back what the server said, Ctrl and Enter send; other keys do neither", async () => {
  const page = await ready()
  await page.type("150")
  page.event(page.input(), "keydown", { key: "Enter" })
  page.event(page.input(), "keydown", { key: "Escape" })
  assert.equal(page.field.form, null)
  assert.equal(page.value(), "100")
  assert.equal(page.field.hasAttribute("data-dirty"), false)
  await page.field.open()
  assert.equal(page.input().value, "100")
  await page.type("160")
  page.event(page.input(), "keydown", { key: "Enter", ctrlKey: true })
  await settled()
  assert.deepEqual(page.bodies(), ["160 on 3"])
})

test("who types on while a value is on its way keeps the words, based on the answer", async () => {
  const page = await ready()
  await page.type("150")
  page.field.save()
  await settled()
  await page.type("1500")
  await page.requests[0].answer(200, drawn(4, "150"))
  assert.equal(page.input().value, "1500")
  assert.equal(page.requests.length, 1)
  await page.leave()
  assert.deepEqual(page.bodies(), ["150 on 3", "1500 on 4"])
})

test("who has typed on and left is sent too, one after the other", async () => {
  const page = await ready()
  await page.type("150")
  await page.leave()
  await page.type("1500")
  await page.leave()
  assert.equal(page.requests.length, 1)
  await page.requests[0].answer(200, drawn(4, "150"))
  assert.deepEqual(page.bodies(), ["150 on 3", "1500 on 4"])
})

test("a bad value stays in the field with the reason", async () => {
  const page = await ready()
  await page.type("a lot")
  await page.leave()
  const why = `<p class="error">Not a number.</p>`
  await page.requests[0].answer(422, reading(3) + forms(form("f-cost", 3, "a lot", CURRENCY + why)))
  assert.equal(page.input().value, "a lot")
  assert.equal(page.field.querySelector(".error").textContent, "Not a number.")
  assert.equal(page.field.querySelector(".field-state").textContent, "field.refused")
  assert.equal(page.kept("field f-cost").stuck, "Not a number.")
})

test("a value beside another one is no refusal: both stand there", async () => {
  const page = await ready()
  await page.type("150")
  await page.leave()
  await page.requests[0].answer(409, drawn(4, "200", `<div class="conflict">150 or 200</div>`))
  assert.equal(page.field.querySelector(".conflict").textContent, "150 or 200")
  assert.equal(page.kept("field f-cost"), undefined)
  assert.equal(page.saveStatus.count, 0)
  assert.equal(page.field.querySelector(".field-state"), null)
})

test("a value that was not taken at all is offered for copying, and the field shows what holds", async () => {
  const page = await ready()
  await page.type("150")
  await page.leave()
  await page.requests[0].answer(403, "<p>You may not.</p>", { "HX-Retarget": "#flashes" })
  await settled()
  assert.equal(page.value(), "100")
  assert.equal(page.field.form, null)
  const offer = page.document.querySelector(".offer")
  assert.match(offer.textContent, /You may not\./)
  assert.equal(offer.querySelector("textarea").value, "150 EUR")
  assert.equal(page.kept("field f-cost").stuck, "You may not.")
  offer.querySelector(".offer-done").click()
  assert.equal(page.document.querySelector(".offer"), null)
  assert.equal(page.kept("field f-cost"), undefined)
})

test("what a page that is gone has left is put into its field and sent, based on what it was based on", async () => {
  const page = await ready()
  assert.equal(page.field.adopt(new URLSearchParams("value=170&currency=GHS&rev=2"), 5), true)
  await settled()
  assert.deepEqual(page.bodies(), ["170 on 2"])
  assert.equal(page.kept("field f-cost").since, 5)
})

test("what was left does not replace newer words, neither typed nor on their way", async () => {
  const page = await ready()
  await page.type("150")
  assert.equal(page.field.adopt(new URLSearchParams("value=170&rev=2"), 5), false)
  assert.equal(page.input().value, "150")
  await page.leave()
  assert.equal(page.field.adopt(new URLSearchParams("value=170&rev=2"), 5), false)
  assert.deepEqual(page.bodies(), ["150 on 3"])
})

test("a value that was taken once can be given again after another one", async () => {
  const page = await ready()
  await page.type("150")
  await page.leave()
  await page.requests[0].answer(200, drawn(4, "150"))
  page.swap(drawn(5, "100"))
  await page.type("150")
  await page.leave()
  assert.deepEqual(page.bodies(), ["150 on 3", "150 on 5"])
})

test("a form that stands inside a field is not the field's own", async () => {
  const page = await ready()
  await page.type("150")
  page.field.insertAdjacentHTML("beforeend", `<div><form id="choose"></form></div>`)
  page.event(page.document.getElementById("choose"), "submit")
  await settled()
  assert.deepEqual(page.requests, [])
  page.event(page.field.form, "submit")
  await settled()
  assert.deepEqual(page.bodies(), ["150 on 3"])
})

test("while the sheet is closed a value is not sent, but stands in its field", async () => {
  const page = await ready(`<div class="lock" data-closed></div>`)
  await page.type("150")
  await page.leave()
  assert.deepEqual(page.requests, [])
  assert.equal(page.field.refused, true)
  assert.equal(page.input().value, "150")
})

for (const [what, inBox] of [["its button keeps the focus", true], ["nobody's focus is taken", false]]) {
  test(`what stands in a closed field can still be sent after the field was drawn again, and ${what}`, async () => {
    const page = await ready(`<div class="lock" data-closed></div>`)
    await page.type("150")
    await page.leave()
    const discard = page.field.querySelector(".closed-words .offer-done")
    if (inBox) discard.focus()
    const { activeElement } = page.document
    page.document.querySelector(".lock").remove()
    page.swap(drawn(4))
    const [send] = page.field.querySelectorAll(".closed-words button")
    assert.equal(send.disabled, false)
    assert.ok(page.document.activeElement === activeElement)
    send.click()
    assert.deepEqual(page.bodies(), ["150 on 3"])
  })
}

test("whoever presses Escape while a value is under way reads what the server has answered", async () => {
  const page = await ready()
  await page.type("150")
  page.field.save()
  await settled()
  page.event(page.input(), "keydown", { key: "Escape" })
  await page.requests[0].answer(200, drawn(4, "150"))
  await pass(100)
  assert.equal(page.value(), "150")
  assert.ok(!page.field.form)
  await page.field.open()
  assert.equal(page.input().value, "150")
  assert.equal(page.saveStatus.count, 0)
})

test("a value that was taken back before the server refused it is gone", async () => {
  const page = await ready()
  await page.type("a lot")
  page.field.save()
  await settled()
  page.event(page.input(), "keydown", { key: "Escape" })
  await page.requests[0].answer(422, reading(3) + forms(form("f-cost", 3, "a lot", `${CURRENCY}<p class="error">Not a number.</p>`)))
  await pass(100)
  assert.ok(!page.field.form)
  assert.equal(page.value(), "100")
  assert.equal(page.saveStatus.count, 0)
  assert.equal(page.kept("field f-cost"), undefined)
})

test("what stands around a field shows the answer also while its writer types on", async () => {
  const page = await ready()
  await page.type("150")
  page.field.save()
  await settled()
  await page.type("1500")
  await page.requests[0].answer(200, drawn(4, "150"))
  assert.equal(page.value(), "150")
  assert.equal(page.field.hasAttribute("data-dirty"), true)
})

test("Escape in a field is for the field alone", async () => {
  const page = await ready()
  await page.type("150")
  const event = Object.assign(new Event("keydown", { bubbles: true, cancelable: true }), { key: "Escape" })
  page.input().dispatchEvent(event)
  assert.equal(event.defaultPrevented, true)
})
