// The notice after more than a day offline: shows at the top of the page what others changed meanwhile; unsent changes
// are held until the user releases them.

import { createElement, plainButton } from "../dom.js"
import { hold } from "../hold.js"
import { get, sentence } from "../http.js"
import { messageText } from "../messages.js"
import { listAll } from "./store-writer.js"

let notice = null

/** Show the notice, once. */
export async function showAbsenceNotice() {
  if (notice) return
  notice = createNotice()
  const items = await Promise.all([...itemsOf(await listAll())].map(describe))
  notice.querySelector("dl").append(...items.flat())
  document.querySelector("main").prepend(notice)
}

function createNotice() {
  const send = createElement("button", { type: "button", textContent: messageText("away.send") })
  const show = plainButton(messageText("away.look"), { data: { showWaiting: "" } })
  send.addEventListener("click", () => {
    notice.remove()
    notice = null
    hold.release()
  })
  const title = createElement("h2", { id: "away-title", textContent: messageText("away.title") })
  const why = createElement("p", { textContent: messageText("away.why") })
  const element = createElement("section", { id: "away", className: "notice" }, title, why, createElement("dl"), createElement("p", { className: "actions" }, send, show))
  element.setAttribute("aria-labelledby", title.id)
  return element
}

/** The items with unsent changes: name -> time, revision and page of the first change. */
function itemsOf(records) {
  const items = new Map()
  for (const { doc, since, rev, where, stuck } of records) if (doc && !stuck && !items.has(doc)) items.set(doc, { since, rev, where })
  return items
}

async function describe([doc, { since, rev, where }]) {
  const number = doc.split(":")[1]
  const answer = await get(`/items/${number}/meanwhile?since=${Math.floor(since / 1_000)}&rev=${rev || 0}`)
  const text = answer?.ok ? sentence(await answer.text()) : messageText(answer ? "away.gone" : "away.unknown")
  return [createElement("dt", { textContent: where.title }), createElement("dd", { textContent: text })]
}
