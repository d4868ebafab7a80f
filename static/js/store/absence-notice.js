// After more than a day away: what others have changed meanwhile stands at the top of the page, and what waits here
// goes out when its writer says so.

import { build, plainButton } from "../dom.js"
import { gate } from "../hold.js"
import { get, sentence } from "../http.js"
import { word } from "../messages.js"
import { waiting } from "./pending-changes.js"

let notice = null

export async function showAway() {
  if (notice) return
  notice = made()
  const items = await Promise.all([...concerned(await waiting.list())].map(about))
  notice.querySelector("dl").append(...items.flat())
  document.querySelector("main").prepend(notice)
}

function made() {
  const send = build("button", { type: "button", textContent: word("away.send") })
  const look = plainButton(word("away.look"), { data: { showWaiting: "" } })
  send.addEventListener("click", () => {
    notice.remove()
    notice = null
    gate.release()
  })
  const title = build("h2", { id: "away-title", textContent: word("away.title") })
  const why = build("p", { textContent: word("away.why") })
  const element = build("section", { id: "away", className: "notice" }, title, why, build("dl"), build("p", { className: "actions" }, send, look))
  element.setAttribute("aria-labelledby", title.id)
  return element
}

/** The items in which something waits: name -> since when, on which revision, and how it was called. */
function concerned(records) {
  const items = new Map()
  for (const { doc, since, rev, where, stuck } of records) if (doc && !stuck && !items.has(doc)) items.set(doc, { since, rev, where })
  return items
}

async function about([doc, { since, rev, where }]) {
  const number = doc.split(":")[1]
  const answer = await get(`/items/${number}/meanwhile?since=${Math.floor(since / 1_000)}&rev=${rev || 0}`)
  const text = answer?.ok ? sentence(await answer.text()) : word("away.gone")
  return [build("dt", { textContent: where.title }), build("dd", { textContent: text })]
}
