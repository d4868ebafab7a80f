// Who is here: told when this page opens and its person moves, drawn in the head, the outline and the fields.
//
// Names reach the page from the server alone, and go into it as text alone.

import { connection } from "./connection.js"
import { HERE, PEOPLE, WATCH } from "./wire.js"
import { loadLaterMessages, messageText } from "./messages.js"

const MOVING = 400

let timer = null
let people = []
let me = null
let nameOf = ({ name }) => name

/** Names are drawn by `make(person)` from now on: with the way to where each is. */
export function drawNames(make) {
  nameOf = make
  draw(people)
}

export function startPresence() {
  if (!document.body.dataset.programme) return
  connection.watch((state) => (state === "online" ? arrive() : draw([])))
  connection.on(PEOPLE, (news) => String(news.programme) === document.body.dataset.programme && draw(news.people))
  document.addEventListener("visibilitychange", () => document.hidden || soon()) // a hidden page is not told
  document.addEventListener("focusin", soon)
  document.addEventListener("focusout", soon)
  document.addEventListener("kw:swapped", () => draw(people))
}

/** Those who watch the programme are told who is there. */
function arrive() {
  connection.send(WATCH, { topics: [`programme:${document.body.dataset.programme}`] })
  tell()
}

function soon() {
  timer ??= setTimeout(() => {
    timer = null
    tell()
  }, MOVING)
}

async function tell() {
  const { programme, item } = document.body.dataset
  const place = document.activeElement?.closest("kw-field, kw-text")
  const field = place ? { field: place.id, ...(place.lang && { lang: place.lang }) } : {}
  const answer = await connection.send(HERE, { programme: Number(programme), ...(item && { item }), ...field })
  if (!answer.ok) return
  me = answer.me
  draw(answer.people)
}

function draw(present) {
  people = present
  drawHead(document.getElementById("people"))
  if (people.every(isMe)) drawPlaces()
  else loadLaterMessages().then(drawPlaces)
}

function drawPlaces() {
  for (const badge of document.querySelectorAll("[data-people-item]")) drawBadge(badge)
  drawFields()
}

/** Each municipality once, with those who are here, where each is, and the way there; the server tells of each person once. */
function drawHead(head) {
  if (!head) return
  const ownFirst = [...people].sort((a, b) => isOwnSide(b) - isOwnSide(a))
  const groups = grouped(ownFirst, (person) => person.place || person.side)
  const lines = [...groups].map(([place, members]) => {
    const line = made("p", `people-place people-side-${members[0].side}`, "")
    const names = made("span", "people-names", "")
    members.forEach((member, at) => names.append(at ? ", " : "", nameOf(member)))
    line.append(made("span", "people-place-name", `${place}:`), " ", names)
    return line
  })
  head.replaceChildren(...lines)
  head.hidden = !lines.length
}

function drawBadge(badge) {
  const here = people.filter((person) => person.item === badge.dataset.peopleItem && !isMe(person))
  badge.textContent = here.length ? messageText("people.item", { names: here.map((person) => person.name).join(", ") }) : ""
  badge.hidden = !here.length
}

function drawFields() {
  const others = people.filter((person) => !isMe(person) && person.field)
  const groups = grouped(others, (person) => person.field)
  for (const line of document.querySelectorAll(".field-people")) {
    if (groups.has(line.closest("kw-field, kw-text")?.id)) continue
    line.textContent = ""
    line.hidden = true
  }
  for (const [id, members] of groups) {
    const host = document.getElementById(id)
    if (host?.matches("kw-field, kw-text")) show(lineIn(host), sentence(members))
  }
}

function show(line, text) {
  line.textContent = text
  line.hidden = false
}

function sentence(members) {
  const key = members.length === 1 ? "people.field.one" : "people.field.many"
  return messageText(key, { names: members.map((member) => member.name).join(", ") })
}

function lineIn(host) {
  const found = host.querySelector(":scope > .field-people")
  if (found) return found
  const line = made("p", "field-people", "")
  host.append(line)
  return line
}

function grouped(all, by) {
  const groups = new Map()
  for (const one of all) groups.set(by(one), [...(groups.get(by(one)) ?? []), one])
  return groups
}

function isOwnSide(person) {
  return person.side === document.body.dataset.side
}

export function isMe(person) {
  return person.id === me
}

function made(name, className, text) {
  return Object.assign(document.createElement(name), { className, textContent: text })
}
