// The panel of pending changes: to be read, downloaded, and copied or discarded if they cannot be sent.

import { createElement, dialogOf, plainButton } from "../dom.js"
import { connection } from "../connection.js"
import { copyable } from "../unsaved-copy.js"
import { moment, messageText } from "../messages.js"
import { download } from "./download.js"
import { listAll } from "./store-writer.js"
import { pendingChanges } from "./pending-changes.js"

let dialog = null
let list = null

/** Open the panel; it is updated while it is open. */
export async function showPanel() {
  dialog ??= createPanel()
  await draw()
  dialog.showModal()
}

function createPanel() {
  list = createElement("div", { className: "stack" })
  const close = plainButton(messageText("panel.close"))
  const save = plainButton(messageText("panel.download"))
  close.addEventListener("click", () => dialog.close())
  save.addEventListener("click", async () => download(await listAll()))
  const element = dialogOf("waiting", messageText("panel.title"), list, createElement("p", { className: "actions" }, save, close))
  Object.assign(element.firstChild, { tabIndex: -1, autofocus: true })
  pendingChanges.watch(() => element.open && draw())
  // The button that opened it goes as soon as nothing waits any more.
  element.addEventListener("close", () => document.querySelector("main").focus({ preventScroll: true }))
  return element
}

async function draw() {
  const records = await listAll()
  list.replaceChildren(
    ...(records.length ? [] : [createElement("p", { textContent: messageText("panel.nothing") })]),
    ...section(records, messageText("unkept"), copyBoxes),
    ...section(records, messageText(connection.online ? "panel.sending" : "panel.waiting"), describeSending),
    ...section(records, messageText("panel.stuck"), describeStuck),
  )
  dialog.querySelector(".actions button").hidden = !records.length
}

function section(all, sentence, describe) {
  const records = all.filter(({ lost, stuck }) => describe === (lost ? copyBoxes : stuck ? describeStuck : describeSending))
  if (!records.length) return []
  const pages = new Map()
  for (const record of records) pages.set(record.where.path, [...(pages.get(record.where.path) ?? []), record])
  return [createElement("p", { textContent: sentence }), ...[...pages.values()].map((ofPage) => pageSection(ofPage, describe))]
}

function pageSection(records, describe) {
  const { title, path } = records[0].where
  const link = createElement("a", { href: path, textContent: title })
  return createElement("section", {}, createElement("h3", {}, link), ...records.flatMap(describe))
}

function describeSending({ words, since }) {
  const time = messageText("panel.since", { time: moment(new Date(since)) })
  return words.flatMap(({ label, text }) => [
    createElement("p", { className: "waiting-label" }, createElement("strong", { textContent: label }), ` ${time}`),
    createElement("p", { className: "waiting-words", textContent: text || messageText("panel.no-words") }),
  ])
}

function describeStuck(record) {
  const discard = plainButton(messageText("panel.discard"))
  discard.addEventListener("click", async () => {
    const field = document.querySelector(`kw-field[id="${record.element}"]`)
    field?.querySelector(".discard-value, .offer-done")?.click()
    await pendingChanges.drop(record.id)
    dialog.querySelector("h2").focus()
  })
  return [createElement("div", { className: "offer" }, createElement("p", { textContent: record.stuck }), ...copyBoxes(record), discard)]
}

function copyBoxes({ id, words }) {
  return words.flatMap(({ label, text }, i) => copyable(`stuck-${id}-${i}`.replace(/\W/g, "-"), label, text))
}
