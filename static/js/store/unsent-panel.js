// What waits in this browser, in words: to be read, saved as a file, and copied or discarded where it cannot be sent.

import { build, dialogOf, plainButton } from "../dom.js"
import { connection } from "../connection.js"
import { copyable } from "../unsaved-copy.js"
import { moment, word } from "../messages.js"
import { download } from "./download.js"
import { all } from "./store-writer.js"
import { waiting } from "./pending-changes.js"

let dialog = null
let list = null

/** Show the panel; it follows what happens while it is open. */
export async function showPanel() {
  dialog ??= made()
  await draw()
  dialog.showModal()
}

function made() {
  list = build("div", { className: "stack" })
  const close = plainButton(word("panel.close"))
  const save = plainButton(word("panel.download"))
  close.addEventListener("click", () => dialog.close())
  save.addEventListener("click", async () => download(await all()))
  const element = dialogOf("waiting", word("panel.title"), list, build("p", { className: "actions" }, save, close))
  Object.assign(element.firstChild, { tabIndex: -1, autofocus: true })
  waiting.watch(() => element.open && draw())
  return element
}

async function draw() {
  const records = await all()
  list.replaceChildren(
    ...(records.length ? [] : [build("p", { textContent: word("panel.nothing") })]),
    ...section(records, word("unkept"), copies),
    ...section(records, word(connection.online ? "panel.sending" : "panel.waiting"), goes),
    ...section(records, word("panel.stuck"), stays),
  )
  dialog.querySelector(".actions button").hidden = !records.length
}

function section(all, sentence, entry) {
  const records = all.filter(({ lost, stuck }) => entry === (lost ? copies : stuck ? stays : goes))
  if (!records.length) return []
  const pages = new Map()
  for (const record of records) pages.set(record.where.path, [...(pages.get(record.where.path) ?? []), record])
  return [build("p", { textContent: sentence }), ...[...pages.values()].map((found) => page(found, entry))]
}

function page(records, entry) {
  const { title, path } = records[0].where
  const link = build("a", { href: path, textContent: title })
  return build("section", {}, build("h3", {}, link), ...records.flatMap(entry))
}

function goes({ words, since }) {
  const time = word("panel.since", { time: moment(new Date(since)) })
  return words.flatMap(({ label, text }) => [
    build("p", { className: "waiting-label" }, build("strong", { textContent: label }), ` ${time}`),
    build("p", { className: "waiting-words", textContent: text || word("panel.no-words") }),
  ])
}

function stays(record) {
  const discard = plainButton(word("panel.discard"))
  discard.addEventListener("click", async () => {
    await waiting.drop(record.id)
    dialog.querySelector("h2").focus()
  })
  return [build("div", { className: "offer" }, build("p", { textContent: record.stuck }), ...copies(record), discard)]
}

function copies({ id, words }) {
  return words.flatMap(({ label, text }, i) => copyable(`stuck-${id}-${i}`.replace(/\W/g, "-"), label, text))
}
