// Presence: sends where the user is in the programme and shows who else is where, in the page's head, the outline and
// the fields. Names come from the server and are inserted as text only.

import { connection } from "./connection.js"
import { rowOfCell } from "./sheet-forms.js"
import { HERE, PEOPLE, WATCH } from "./wire.js"
import { loadLaterMessages, messageText } from "./messages.js"

const SEND_DELAY = 400

let timer = null
let people = []
let me = null
let nameOf = ({ name }) => name

/** Draw names by `make(person)` from now on (with links, see presence-links.js). */
export function drawNames(make) {
  nameOf = make
  draw(people)
}

/** Send and show presence on pages of a programme. */
export function startPresence() {
  if (!document.body.dataset.programme) return
  connection.watch((state) => (state === "online" ? watchProgramme() : draw([])))
  connection.on(PEOPLE, (message) => String(message.programme) === document.body.dataset.programme && draw(message.people))
  document.addEventListener("visibilitychange", () => document.hidden || sendSoon()) // a hidden page receives no presence
  document.addEventListener("focusin", sendSoon)
  document.addEventListener("focusout", sendSoon)
  document.addEventListener("kw:swapped", () => draw(people))
}

/** Pages that watch the programme receive who is present. */
function watchProgramme() {
  connection.send(WATCH, { topics: [`programme:${document.body.dataset.programme}`] })
  sendPlace()
}

function sendSoon() {
  timer ??= setTimeout(() => {
    timer = null
    sendPlace()
  }, SEND_DELAY)
}

async function sendPlace() {
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
  drawLanguages()
}

/** One line per municipality with the people who are present, their places and links to these; the server sends each
 *  person once. */
function drawHead(head) {
  if (!head) return
  const ownFirst = [...people].sort((a, b) => isOwnSide(b) - isOwnSide(a))
  const groups = groupBy(ownFirst, (person) => person.place || person.side)
  const lines = [...groups].map(([place, members]) => {
    const line = createPart("p", `people-place people-side-${members[0].side}`, "")
    const names = createPart("span", "people-names", "")
    members.forEach((member, at) => names.append(at ? ", " : "", nameOf(member)))
    line.append(createPart("span", "people-place-name", `${place}:`), " ", names)
    return line
  })
  head.replaceChildren(...lines)
  head.hidden = !lines.length
}

function drawBadge(host) {
  const badge = host.matches("li") ? badgeIn(host) : host
  const present = people.filter((person) => person.item === host.dataset.peopleItem && !isMe(person))
  badge.textContent = present.length ? messageText("people.item", { names: present.map((person) => person.name).join(", ") }) : ""
  badge.hidden = !present.length
}

/** The line below a link of the outline that says who is there. */
function badgeIn(host) {
  const existing = host.querySelector(":scope > .outline-people")
  if (existing) return existing
  const badge = createPart("span", "outline-people", "")
  host.querySelector(":scope > a").after(badge)
  return badge
}

/** Beside the link to a language that this page does not show now: who writes in it. */
function drawLanguages() {
  const others = people.filter((person) => !isMe(person) && person.field)
  for (const link of document.querySelectorAll("a[data-show-language]:not([aria-current])")) {
    const writers = others.filter(({ field }) => document.getElementById(field)?.dataset.part === link.dataset.showLanguage)
    const line = link.parentElement.nextElementSibling?.matches(".writes-elsewhere") ? link.parentElement.nextElementSibling : null
    if (writers.length) show(line ?? insertAfter(link.parentElement), `${link.textContent}: ${sentence(writers)}`)
    else if (line?.dataset.language === link.dataset.showLanguage) line.remove()
    if (writers.length) link.parentElement.nextElementSibling.dataset.language = link.dataset.showLanguage
  }
}

function insertAfter(element) {
  const line = createPart("p", "writes-elsewhere", "")
  element.after(line)
  return line
}

function drawFields() {
  const others = people.filter((person) => !isMe(person) && hostOf(person))
  const groups = groupBy(others, hostOf)
  for (const line of document.querySelectorAll(".field-people")) {
    if (groups.has(line.parentElement)) continue
    line.textContent = ""
    line.hidden = true
  }
  for (const [host, members] of groups) show(lineIn(host), sentence(members))
}

/** The element that shows who is there: the field or text; for a cell of a row that is not open here, the row's name. */
function hostOf({ field }) {
  const place = document.getElementById(field || "none")
  return place?.matches("kw-field, kw-text") ? place : rowOfCell(field)?.firstElementChild
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
  const existing = host.querySelector(":scope > .field-people")
  if (existing) return existing
  const line = createPart("p", "field-people", "")
  host.append(line)
  return line
}

function groupBy(all, by) {
  const groups = new Map()
  for (const person of all) groups.set(by(person), [...(groups.get(by(person)) ?? []), person])
  return groups
}

function isOwnSide(person) {
  return person.side === document.body.dataset.side
}

/** Whether `person` is the user of this page. */
export function isMe(person) {
  return person.id === me
}

function createPart(name, className, text) {
  return Object.assign(document.createElement(name), { className, textContent: text })
}
