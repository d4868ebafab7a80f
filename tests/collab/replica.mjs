// A replica of one document made by the browser's own Yjs, for tests/collab/yjs.py. Reads commands as JSON, one a line;
// answers each with one.
//
// {op: "apply", u} {op: "state"} {op: "update", sv} {op: "scribble", seed} {op: "text"} {op: "insert", place} {op:
// "remove", place} {op: "mark", place, length}; binary is base64. "apply" answers with what Yjs tidied up after it,
// which a browser sends.

import { createInterface } from "node:readline"
import { Y } from "../../static/vendor/klimawerk-editor.yjs-13.6.33.js"

const doc = new Y.Doc()
const fragment = doc.getXmlFragment("description.en")
const REMOTE = "remote"
const b64 = (bytes) => Buffer.from(bytes).toString("base64")
const bytes = (text) => new Uint8Array(Buffer.from(text, "base64"))

function dice(seed) {
  let state = seed
  return (below) => {
    state = (state * 1103515245 + 12345) % 2147483648
    return Math.floor((state / 2147483648) * below)
  }
}

function block(name, words) {
  const element = new Y.XmlElement(name)
  if (name === "heading") element.setAttribute("level", 3)
  const text = new Y.XmlText()
  text.insert(0, words)
  element.insert(0, [text])
  return element
}

function list() {
  const [all, item] = [new Y.XmlElement("bullet_list"), new Y.XmlElement("list_item")]
  item.insert(0, [block("paragraph", "Punkt 😀")])
  all.insert(0, [item])
  return all
}

function letterAt(text, place) {
  const point = text.toString().replace(/<[^>]*>/g, "").codePointAt(place)
  return point === undefined ? "" : String.fromCodePoint(point)
}

/** A position in a text that cuts no surrogate pair: positions are UTF-16 units, as in the browser. */
function placeIn(text, roll) {
  const letters = [...text.toString().replace(/<[^>]*>/g, "")]
  return letters.slice(0, roll(letters.length + 1)).join("").length
}

function scribble(roll) {
  const count = fragment.length
  const choice = roll(100)
  if (choice < 12 || !count) return fragment.insert(roll(count + 1), [block(choice % 2 ? "paragraph" : "heading", "Wärme ")])
  if (choice < 16) return fragment.insert(roll(count + 1), [list()])
  if (choice < 22 && count > 2) return fragment.delete(roll(count), 1)
  const texts = fragment.toArray().flatMap((child) => child.toArray?.() ?? []).filter((one) => one instanceof Y.XmlText)
  if (!texts.length) return fragment.insert(0, [block("paragraph", "neu ")])
  const text = texts[roll(texts.length)]
  const place = placeIn(text, roll)
  const letter = letterAt(text, place)
  if (choice < 40 && letter) text.delete(place, letter.length)
  else if (choice < 50 && text.length) text.format(0, text.length, { strong: {} })
  else if (choice < 56 && text.length) text.format(0, text.length, { link: { href: "https://example.org/" }, strong: null })
  else if (choice < 60) text.parent.insert(text.parent.length, [new Y.XmlElement("hard_break")])
  else text.insert(place, "wort ")
}

/** What this replica writes by itself meanwhile, as one update; Yjs tidies up marks when others' updates are
 *  applied. */
function own(change) {
  const updates = []
  const collect = (update, origin) => origin === REMOTE || updates.push(update)
  doc.on("update", collect)
  change()
  doc.off("update", collect)
  return updates.length ? b64(Y.mergeUpdates(updates)) : ""
}

const edit = (change) => own(() => doc.transact(change)) || "AAA="

const answers = {
  apply: ({ u }) => own(() => Y.applyUpdate(doc, bytes(u), REMOTE)),
  state: () => b64(Y.encodeStateVector(doc)),
  update: ({ sv }) => b64(Y.encodeStateAsUpdate(doc, sv ? bytes(sv) : undefined)),
  text: () => fragment.toString(),
  scribble: ({ seed }) => edit(() => scribble(dice(seed))),
  insert: ({ place }) => edit(() => fragment.get(0).get(0).insert(place, "x")),
  mark: ({ place, length }) => edit(() => fragment.get(0).get(0).format(place, length, { strong: {} })),
  remove: ({ place }) => edit(() => fragment.get(0).get(0).delete(place, 1)),
}

for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line)
  process.stdout.write(JSON.stringify(answers[command.op](command) ?? null) + "\n")
}
