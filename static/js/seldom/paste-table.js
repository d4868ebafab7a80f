// Pastes a table from Word or a web page into a text area as HTML, which the server converts; as plain text its cells
// would be separate lines. A table pasted into an empty text area is sent on to its preview.

import { createElement } from "../dom.js"
import { post } from "../http.js"

const READ = "/tables/read"

document.addEventListener("paste", (event) => {
  const area = event.target.closest?.("textarea[data-paste-table]")
  const html = area && event.clipboardData?.getData("text/html")
  if (!html || !/<table[\s>]/i.test(html)) return
  event.preventDefault()
  insertTable(area, html)
})

/** Insert the table as the server reads it (the only parser of tables), then show the preview of a first one. Without a
 *  response insert the HTML: the server reads it with the form. */
async function insertTable(area, html) {
  const { selectionStart, selectionEnd, value } = area
  area.readOnly = true
  const answer = await post(READ, new URLSearchParams({ table: html })).catch(() => null)
  const converted = answer?.ok ? await answer.json().catch(() => null) : null
  area.readOnly = false
  area.setRangeText(converted?.table ?? html, selectionStart, selectionEnd, "end")
  area.dispatchEvent(new Event("input", { bubbles: true }))
  const notes = (converted?.notes ?? []).map((note) => createElement("p", { className: "notice", textContent: note }))
  area.parentElement.querySelector("[data-paste-notes]").replaceChildren(...notes)
  if (converted && !value.trim()) showPreview(area, html)
}

/** The form is sent with the HTML, so that the page with the preview says again what the server left out. */
function showPreview(area, html) {
  const look = area.form.querySelector("button[value=look]")
  area.form.addEventListener("formdata", ({ formData }) => formData.set(area.name, html), { once: true })
  area.form.requestSubmit(look)
}
