// A table copied from Word or a web page brings its cells as HTML; a text area alone would take them as loose lines.

import { createElement } from "../dom.js"
import { post } from "../http.js"

const READ = "/tables/read"

document.addEventListener("paste", (event) => {
  const area = event.target.closest?.("textarea[data-paste-table]")
  const html = area && event.clipboardData?.getData("text/html")
  if (!html || !/<table[\s>]/i.test(html)) return
  event.preventDefault()
  take(area, html)
})

/** What the server, the one reader of tables, finds in it. Without an answer the HTML itself: it reads that with the form. */
async function take(area, html) {
  const { selectionStart, selectionEnd } = area
  area.readOnly = true
  const answer = await post(READ, new URLSearchParams({ table: html })).catch(() => null)
  const found = answer?.ok ? await answer.json().catch(() => null) : null
  area.readOnly = false
  area.setRangeText(found?.table ?? html, selectionStart, selectionEnd, "end")
  area.dispatchEvent(new Event("input", { bubbles: true }))
  const notes = (found?.notes ?? []).map((note) => createElement("p", { className: "notice", textContent: note }))
  area.parentElement.querySelector("[data-paste-notes]").replaceChildren(...notes)
}
