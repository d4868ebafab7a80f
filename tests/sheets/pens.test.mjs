// Opening and closing fields and rows: by their pen, by keyboard, and as their forms and answers arrive.

import assert from "node:assert/strict"
import { test } from "node:test"
import { open, pass, settled } from "../page.mjs"
import { field, form, forms, row, rowForm } from "../sheet-page.mjs"

const CELLS = { what: "Dig", due: "May" }

const sheet = (rev = 3, cells = CELLS) =>
  `<section id="sheet" data-topic="measure:7" data-rev="12">${field("cost", rev, "100")}${field("place", rev, "Town")}
    <table><tbody>${row("a", rev, cells)}</tbody></table></section>`
const all = (rev = 3, cells = CELLS) => forms(form("f-cost", rev, "100"), form("f-place", rev, "Town"), rowForm("a", rev, cells))

/** A page with two fields and a row. @param kept whether their forms have arrived */
async function ready({ kept = true, saver = false } = {}) {
  const page = open(`<main data-forms="/items/7/forms">${sheet()}</main><button id="other"></button>`)
  const [{ connection }, , { swap }, pens, sheetForms, { dataSaver }] = await Promise.all(
    ["connection.js", "fields.js", "swap.js", "pens.js", "sheet-forms.js", "data-saver.js"].map(page.load),
  )
  connection.start("/socket.io")
  await page.socket.online()
  pens.startPens()
  dataSaver.choose(saver)
  sheetForms.startSheetForms()
  await settled()
  if (kept) await page.request("/items/7/forms").answer(200, all())
  page.requests.length = 0
  const get = (id) => page.document.getElementById(id)
  const click = async (element) => {
    const event = Object.assign(new Event("click", { bubbles: true, cancelable: true }), { button: 0 })
    element.dispatchEvent(event)
    await settled()
    return event.defaultPrevented
  }
  const press = async (key, more = {}) => {
    page.document.activeElement.dispatchEvent(Object.assign(new Event("keydown", { bubbles: true, cancelable: true }), { key, ...more }))
    await settled()
    await pass(100)
  }
  const type = (id, value) => {
    const input = get(id).querySelector("input")
    input.focus()
    input.value = value
    input.dispatchEvent(new Event("input", { bubbles: true }))
  }
  return Object.assign(page, {
    get, click, press, type, swap,
    focus: () => page.document.activeElement,
    pen: (id) => get(id).querySelector("a.pen"),
    leave: async () => (get("other").focus(), await settled(), await pass(100)),
  })
}

test("opening needs no request once the forms are kept, and one for itself before that", async () => {
  const page = await ready()
  for (const id of ["f-cost", "row-a"]) {
    assert.equal(await page.click(page.pen(id)), true)
    assert.ok(page.get(`${id}-form`))
  }
  assert.deepEqual(page.requests, [])
  const thrifty = await ready({ kept: false, saver: true })
  await thrifty.click(thrifty.pen("f-cost"))
  assert.deepEqual(thrifty.requests.map(({ url }) => url), ["/items/7/fields/cost"])
  await thrifty.requests[0].answer(200, forms(form("f-cost", 3, "100")))
  assert.ok(thrifty.get("f-cost-form"))
})

test("the first control of what opens has the focus; a click that means something else opens nothing", async () => {
  const page = await ready()
  await page.click(page.get("f-cost").querySelector(".value"))
  assert.ok(page.focus() === page.get("f-cost").querySelector("input"))
  page.get("f-place").insertAdjacentHTML("beforeend", `<div class="conflict"><p>Two values</p></div>`)
  await page.click(page.get("f-place").querySelector(".conflict p"))
  assert.equal(page.get("f-place-form"), null)
})

test("a form that is older than what the page shows is fetched before it opens", async () => {
  const page = await ready()
  page.swap(field("cost", 5, "300"))
  await page.click(page.pen("f-cost"))
  assert.deepEqual(page.requests.map(({ url }) => url), ["/items/7/fields/cost"])
  await page.requests[0].answer(200, forms(form("f-cost", 5, "300")))
  assert.equal(page.get("f-cost").querySelector("input").value, "300")
})

test("what cannot be had without a connection is said at its value", async () => {
  const page = await ready({ kept: false, saver: true })
  await page.click(page.pen("f-cost"))
  await page.requests[0].fail()
  assert.equal(page.get("f-cost").querySelector(".text-note").textContent, "note.away")
})

test("a newer form replaces one that is open and untouched, not one that is being typed in", async () => {
  const page = await ready()
  await page.click(page.pen("f-cost"))
  await page.click(page.pen("row-a"))
  page.type("c-a-what", "Dig deeper")
  const newer = { what: "Fill", due: "June" }
  page.swap(sheet(4, newer) + forms(form("f-cost", 4, "200"), rowForm("a", 4, newer)))
  assert.equal(page.get("f-cost").querySelector("input").value, "200")
  assert.equal(page.get("f-cost-form").dataset.rev, "4")
  assert.equal(page.get("c-a-due").querySelector("input").value, "June")
  assert.equal(page.get("c-a-what").querySelector("input").value, "Dig deeper")
  assert.equal(page.get("c-a-what-form").dataset.rev, "3")
  assert.ok(page.focus() === page.get("c-a-what").querySelector("input"))
})

test("a cell whose words are taken back shows the newer value when it is left", async () => {
  const page = await ready()
  await page.click(page.pen("row-a"))
  page.type("c-a-what", "Dig deeper")
  const newer = { ...CELLS, what: "Fill" }
  page.swap(sheet(4, newer) + forms(rowForm("a", 4, newer)))
  page.type("c-a-what", "Dig")
  page.get("c-a-due").querySelector("input").focus()
  await pass(100)
  assert.equal(page.get("c-a-what").querySelector("input").value, "Fill")
})

test("a row closes only when nothing of it waits", async () => {
  const page = await ready()
  await page.click(page.pen("row-a"))
  page.type("c-a-what", "Dig deeper")
  await page.leave()
  assert.equal(page.requests.length, 1)
  assert.ok(page.get("row-a").hasAttribute("data-open"))
  const newer = { ...CELLS, what: "Dig deeper" }
  await page.requests[0].answer(200, sheet(4, newer) + forms(rowForm("a", 4, newer)))
  await pass(100)
  assert.equal(page.get("row-a").hasAttribute("data-open"), false)
  assert.match(page.get("row-a").textContent, /Dig deeper/)
})

test("a refused value keeps its field and its row open with the reason", async () => {
  for (const [opened, id, url] of [["f-cost", "f-cost", "/items/7/f-cost"], ["row-a", "c-a-what", "/items/7/c-a-what"]]) {
    const page = await ready()
    await page.click(page.pen(opened))
    page.type(id, "a lot")
    await page.leave()
    const bad = form(id, 3, "a lot", `<p class="error">Too much.</p>`)
    const answer = opened === "row-a" ? rowForm("a", 3, CELLS).replace(form(id, 3, "Dig"), bad) : bad
    await page.request(url).answer(422, sheet() + forms(answer))
    await pass(1_000)
    assert.equal(page.get(id).querySelector(".error").textContent, "Too much.")
    assert.equal(page.get(id).querySelector("input").value, "a lot")
  }
})

test("Escape takes a refused value back, and nothing is said of it any more", async () => {
  for (const [opened, id, url, before] of [["f-cost", "f-cost", "/items/7/f-cost", "100"], ["row-a", "c-a-what", "/items/7/c-a-what", "Dig"]]) {
    const page = await ready()
    const { saveStatus } = await page.load("save-status.js")
    const { plans } = await page.load("store/store-access.js")
    await page.click(page.pen(opened))
    page.type(id, "a lot")
    page.get(id).save()
    await settled()
    const bad = form(id, 3, "a lot", `<p class="error">Too much.</p>`)
    await page.request(url).answer(422, sheet() + forms(opened === "row-a" ? rowForm("a", 3, CELLS).replace(form(id, 3, "Dig"), bad) : bad))
    assert.equal(page.get(id).querySelector(".field-state").textContent, "field.refused")
    assert.equal(plans.get(`field ${id}`).make().stuck, "Too much.")
    await page.press("Escape")
    assert.equal(page.get(id).querySelector(".error, .field-state"), null)
    assert.equal(plans.get(`field ${id}`)?.make?.(), undefined)
    if (opened === "row-a") assert.equal(page.focus().value, before)
    else assert.ok(page.focus() === page.pen("f-cost"))
    assert.equal(saveStatus.count, 0)
  }
})

test("a row in which a value is offered for copying stays open until somebody has seen to it", async () => {
  const page = await ready()
  await page.load("unsaved-copy.js")
  await page.click(page.pen("row-a"))
  page.type("c-a-what", "Dig deeper")
  await page.leave()
  await page.request("/items/7/c-a-what").answer(403, "<p>You may not.</p>", { "HX-Retarget": "#flashes" })
  await pass(1_000)
  const offer = page.get("row-a").querySelector(".offer")
  assert.equal(offer.querySelector("textarea").value, "Dig deeper")
  offer.querySelector(".offer-done").click()
  await pass(100)
  assert.equal(page.get("row-a").hasAttribute("data-open"), false)
})

test("whoever is done with a row is at its pen, once it has closed", async () => {
  for (const leave of [(page) => page.press("Escape"), (page) => page.click(page.get("row-a").querySelector(".row-done"))]) {
    const page = await ready()
    await page.click(page.pen("row-a"))
    await leave(page)
    assert.equal(page.get("row-a").hasAttribute("data-open"), false)
    assert.ok(page.focus() === page.pen("row-a"))
  }
})

test("while something of a row that is left waits, the focus stays in it, and goes to its pen when it closes", async () => {
  const page = await ready()
  await page.click(page.pen("row-a"))
  page.type("c-a-what", "Dig deeper")
  const done = page.get("row-a").querySelector(".row-done")
  done.focus()
  await page.click(done)
  assert.ok(page.focus() === done)
  const newer = { ...CELLS, what: "Dig deeper" }
  await page.requests[0].answer(200, sheet(4, newer) + forms(rowForm("a", 4, newer)))
  await pass(100)
  assert.ok(page.focus() === page.pen("row-a"))
})

test("who goes on in a row that was to close keeps it open", async () => {
  const page = await ready()
  await page.click(page.pen("row-a"))
  page.type("c-a-what", "Dig deeper")
  const done = page.get("row-a").querySelector(".row-done")
  done.focus()
  await page.click(done)
  page.get("c-a-due").querySelector("input").focus()
  const newer = { ...CELLS, what: "Dig deeper" }
  await page.requests[0].answer(200, sheet(4, newer) + forms(rowForm("a", 4, newer)))
  await pass(100)
  assert.ok(page.focus() === page.get("c-a-due").querySelector("input"))
})

test("Escape and Enter in a cell keep row and focus; Escape without words to take back closes the row", async () => {
  const page = await ready()
  await page.click(page.pen("row-a"))
  page.type("c-a-what", "Dig deeper")
  const input = page.focus()
  await page.press("Escape")
  assert.equal(input.value, "Dig")
  assert.ok(page.focus() === input)
  page.type("c-a-what", "Dig on")
  page.get("c-a-what-form").dispatchEvent(new Event("submit", { bubbles: true, cancelable: true }))
  await settled()
  assert.equal(page.requests.length, 1)
  const newer = { ...CELLS, what: "Dig on" }
  await page.requests[0].answer(200, sheet(4, newer) + forms(rowForm("a", 4, newer)))
  assert.ok(page.focus() === page.get("c-a-what").querySelector("input"))
  await page.press("Escape")
  assert.equal(page.get("row-a").hasAttribute("data-open"), false)
})

test("Ctrl+Enter saves and opens the next; after the last the focus is at its pen", async () => {
  const page = await ready()
  await page.click(page.pen("f-cost"))
  page.type("f-cost", "150")
  await page.press("Enter", { ctrlKey: true })
  assert.deepEqual(page.requests.map(({ body }) => body.get("value")), ["150"])
  assert.ok(page.focus() === page.get("f-place").querySelector("input"))
  await page.press("Enter", { metaKey: true })
  assert.ok(page.get("row-a").hasAttribute("data-open"))
  assert.equal(page.get("f-place-form"), null)
  await page.press("Enter", { ctrlKey: true })
  assert.ok(page.focus() === page.pen("row-a"))
})

test("what the server writes differently from what was typed is what stands there, and is not sent again", async () => {
  const page = await ready()
  await page.click(page.pen("row-a"))
  page.type("c-a-due", "5/2027")
  page.get("c-a-due-form").dispatchEvent(new Event("submit", { bubbles: true, cancelable: true }))
  await settled()
  const newer = { ...CELLS, due: "May 2027" }
  await page.requests[0].answer(200, sheet(4, newer) + forms(rowForm("a", 4, newer)))
  assert.equal(page.get("c-a-due").querySelector("input").value, "May 2027")
  assert.equal(page.get("c-a-due").hasAttribute("data-dirty"), false)
  await page.leave()
  assert.equal(page.requests.length, 1)
  assert.equal(page.get("row-a").hasAttribute("data-open"), false)
})

test("a form that arrives late takes the focus from nobody: its place stays closed", async () => {
  const late = { "f-cost": forms(form("f-cost", 3, "100")), "row-a": forms(rowForm("a", 3, CELLS)) }
  for (const [id, url] of [["f-cost", "/items/7/fields/cost"], ["row-a", "/rows/a"]]) {
    const page = await ready({ kept: false, saver: true })
    await page.click(page.pen(id))
    await page.click(page.pen("f-place"))
    await page.request("/items/7/fields/place").answer(200, forms(form("f-place", 3, "Town")))
    page.type("f-place", "Tow")
    await page.request(url).answer(200, late[id])
    assert.ok(page.focus() === page.get("f-place").querySelector("input"), id)
    assert.ok(!page.get(`${id}-form`))
    // Its form is kept now: pressed again, it opens.
    await page.click(page.pen(id))
    assert.ok(page.get(`${id}-form`))
  }
})

test("who has gone elsewhere while a form was on its way stays there; who waits at the pen is in the form", async () => {
  for (const [at, opens] of [["other", false], ["pen", true], ["nowhere", true]]) {
    const page = await ready({ kept: false, saver: true })
    page.pen("f-cost").focus()
    await page.click(page.pen("f-cost"))
    if (at === "other") page.get("other").focus()
    if (at === "nowhere") page.pen("f-cost").blur()
    await page.requests[0].answer(200, forms(form("f-cost", 3, "100")))
    assert.equal(Boolean(page.get("f-cost-form")), opens, at)
    assert.ok(!page.get("f-cost").querySelector(".text-note"))
  }
})

test("that a form could not be had is not said any more once it is there", async () => {
  for (const [id, answer] of [["f-cost", forms(form("f-cost", 3, "100"))], ["row-a", forms(rowForm("a", 3, CELLS))]]) {
    const page = await ready({ kept: false, saver: true })
    await page.click(page.pen(id))
    await page.requests[0].fail()
    assert.equal(page.get(id).querySelector(".text-note").getAttribute("role"), "status")
    await page.click(page.pen(id))
    await page.requests[1].answer(200, answer)
    await page.press("Escape")
    assert.ok(!page.get(`${id}-form`))
    assert.ok(!page.get(id).querySelector(".text-note"))
  }
})

const wrong = (id, typed) => form(id, 3, typed, `<p class="error">Too much.</p><button type="button" class="discard-value">Discard</button>`)
const wrongRow = (typed) => rowForm("a", 3, CELLS).replace(form("c-a-what", 3, "Dig"), wrong("c-a-what", typed))

/** A row whose first cell holds a value that the server has refused. */
async function refusedCell() {
  const page = await ready()
  await page.click(page.pen("row-a"))
  page.type("c-a-what", "a lot")
  page.get("c-a-due").querySelector("input").focus()
  await settled()
  await page.request("/items/7/c-a-what").answer(422, sheet() + forms(wrongRow("a lot")))
  return page
}

test("a refused value stays with its reason when another cell of the row is saved, or somebody changes the row", async () => {
  const page = await refusedCell()
  page.type("c-a-due", "June")
  page.get("c-a-due").save()
  await settled()
  const newer = { ...CELLS, due: "June" }
  await page.request("/items/7/c-a-due").answer(200, sheet(4, newer) + forms(rowForm("a", 4, newer)))
  page.swap(sheet(5, { what: "Fill", due: "June" }) + forms(rowForm("a", 5, { what: "Fill", due: "June" })))
  assert.equal(page.get("c-a-what").querySelector("input").value, "a lot")
  assert.equal(page.get("c-a-what").querySelector(".error").textContent, "Too much.")
  page.get("c-a-what").querySelector("input").focus()
  await page.press("Escape")
  assert.equal(page.get("c-a-what").querySelector("input").value, "Fill")
})

test("a press takes a refused value back, as Escape does", async () => {
  const page = await refusedCell()
  await page.click(page.get("c-a-what").querySelector(".discard-value"))
  assert.equal(page.get("c-a-what").querySelector("input").value, "Dig")
  assert.ok(!page.get("c-a-what").querySelector(".error"))
  await page.leave()
  assert.equal(page.get("row-a").hasAttribute("data-open"), false)
})

test("who is done with a row that holds a refused value is at that value", async () => {
  const page = await refusedCell()
  await page.click(page.get("row-a").querySelector(".row-done"))
  assert.ok(page.focus() === page.get("c-a-what").querySelector("input"))
})

/** The system's Back of a touch screen; false where it leaves the page. */
function touch(page) {
  let watchers = []
  globalThis.matchMedia = () => ({ matches: true })
  globalThis.CloseWatcher = page.window.CloseWatcher = class {
    constructor() {
      watchers.push(this)
    }
    destroy() {
      watchers = watchers.filter((one) => one !== this)
    }
  }
  return async () => {
    const watcher = watchers.pop()
    watcher?.onclose()
    await settled()
    await pass(100)
    return Boolean(watcher)
  }
}

for (const [what, opened, id, url, refused] of [
  ["a field", "f-cost", "f-cost", "/items/7/f-cost", () => wrong("f-cost", "a lot")],
  ["a row", "row-a", "c-a-what", "/items/7/c-a-what", () => wrongRow("a lot")],
]) {
  test(`Back saves what was typed in ${what}; Back again drops what was refused; then it is the page's`, async () => {
    const page = await ready()
    const back = touch(page)
    await page.click(page.pen(opened))
    page.type(id, "a lot")
    assert.equal(await back(), true)
    assert.equal(page.requests.length, 1)
    await page.request(url).answer(422, sheet() + forms(refused()))
    assert.ok(page.get(id).querySelector(".error"))
    assert.equal(await back(), true)
    assert.ok(!page.get(`${opened}-form`))
    assert.equal(page.requests.length, 1)
    assert.equal(await back(), false)
  })

  test(`Back keeps nobody on a page because ${what} waits for the connection`, async () => {
    const page = await ready()
    const back = touch(page)
    await page.click(page.pen(opened))
    page.type(id, "150")
    assert.deepEqual([await back(), await back(), await back()], [true, true, false])
    // Who goes on there has Back for it again.
    page.type(id, "1500")
    if (opened === "f-cost") assert.equal(await back(), true)
  })
}

test("a click into what is offered for copying, or into a notice, opens no field", async () => {
  for (const more of [`<div class="offer"><label>Yours</label><textarea></textarea></div>`, `<p class="notice">As imported</p>`]) {
    const page = await ready()
    page.get("f-cost").insertAdjacentHTML("beforeend", more)
    for (const target of page.get("f-cost").querySelectorAll(".offer *, .notice")) await page.click(target)
    assert.ok(!page.get("f-cost-form"))
  }
})

const without = (rev) => `<section id="sheet" data-topic="measure:7" data-rev="${rev + 10}" class="rows">${field("cost", 3, "100")}${field("place", 3, "Town")}
    <form class="row-add"><button>Add</button></form><table><tbody>${row("b", rev, CELLS)}</tbody></table></section>`
const withBoth = (rev) => without(rev).replace("<tbody>", `<tbody>${row("a", rev, CELLS)}`)

/** A page with an open row, which somebody else deletes. @param typed what the user has typed there */
async function deleted(typed) {
  const page = await ready()
  await page.load("unsaved-copy.js")
  page.swap(withBoth(3))
  await page.click(page.pen("row-a"))
  if (typed) page.type("c-a-what", typed)
  page.swap(without(4))
  return page
}

test("a row that somebody else deletes goes, and who was in it without typing is where one adds a row", async () => {
  const page = await deleted()
  await pass(100)
  assert.ok(!page.get("row-a"))
  assert.equal(page.focus().textContent, "Add")
})

test("a deleted row in which somebody typed stays until they have seen to their words, then it goes with its form", async () => {
  const page = await deleted("Dig deeper")
  assert.equal(page.get("c-a-what").querySelector("input").value, "Dig deeper")
  await page.leave()
  await page.request("/items/7/c-a-what").answer(404, "<p>Deleted.</p>", { "HX-Retarget": "#flashes" })
  await pass(100)
  const offer = page.get("row-a").querySelector(".offer")
  page.swap(without(5))
  assert.ok(page.get("row-a").contains(offer))
  offer.querySelector(".offer-done").focus()
  offer.querySelector(".offer-done").click()
  await pass(100)
  assert.ok(!page.get("row-a"))
  assert.equal(page.focus().textContent, "Add")
})

test("a deleted row that is brought back while somebody types in it is a row like any other", async () => {
  const page = await deleted("Dig deeper")
  page.swap(withBoth(5))
  await page.press("Escape")
  await page.press("Escape")
  assert.equal(page.get("row-a").hasAttribute("data-open"), false)
  assert.ok(page.focus() === page.pen("row-a"))
})

test("the converted amount in an open row is that of the value that was saved", async () => {
  const page = await ready()
  const amount = (rev, words) => forms(rowForm("a", rev, CELLS).replace("</kw-field>", `${words && `<p class="converted">${words}</p>`}</kw-field>`))
  await page.click(page.pen("row-a"))
  for (const [rev, words] of [[4, "about 100 GHS"], [5, "about 200 GHS"], [6, ""]]) {
    page.swap(sheet(rev) + amount(rev, words))
    assert.deepEqual([...page.get("row-a").querySelectorAll(".converted")].map(({ textContent }) => textContent), words ? [words] : [])
  }
})

test("where a lock has taken the pen away, whoever leaves is at the value", async () => {
  for (const [id, value] of [["f-cost", ".value"], ["row-a", "td"]]) {
    const page = await ready()
    await page.click(page.pen(id))
    page.swap(`<section id="sheet" data-topic="measure:7" data-rev="12">${field("cost", 3, "100", { pen: "" })}${field("place", 3, "Town")}
      <table><tbody>${row("a", 3, CELLS, "")}</tbody></table></section>`)
    await page.press("Escape")
    assert.ok(!page.get(`${id}-form`))
    assert.ok(page.focus() === page.get(id).querySelector(value))
  }
})

test("a field that cannot be opened any more asks the server for nothing", async () => {
  const page = await ready({ kept: false, saver: true })
  page.swap(`<section id="sheet" data-topic="measure:7" data-rev="12">${field("cost", 3, "100", { pen: "" })}<table><tbody>${row("a", 3, CELLS, "")}</tbody></table></section>`)
  const { openField } = await page.load("pens.js")
  for (const id of ["f-cost", "c-a-what"]) await openField(id)
  assert.deepEqual(page.requests, [])
})

test("a press that a menu of the browser swallows holds nothing up", async () => {
  for (const begin of [{ button: 2 }, { button: 0, ctrlKey: true }, { button: 0, then: "contextmenu" }, { button: 0, then: "keydown" }, { button: 0, then: "blur" }]) {
    const page = await ready()
    await page.click(page.pen("f-cost"))
    const { then, ...press } = begin
    page.window.dispatchEvent(Object.assign(new Event("pointerdown"), press))
    page.get("other").focus()
    if (then) page.window.dispatchEvent(new Event(then))
    await pass(200)
    assert.ok(!page.get("f-cost-form"), JSON.stringify(begin))
  }
})

test("while something is being pressed nothing closes, as that would move it", async () => {
  const page = await ready()
  await page.click(page.pen("f-cost"))
  page.window.dispatchEvent(Object.assign(new Event("pointerdown"), { button: 0 }))
  await page.leave()
  assert.ok(page.get("f-cost-form"))
  page.window.dispatchEvent(new Event("pointerup"))
  await pass(200)
  assert.ok(!page.get("f-cost-form"))
})
