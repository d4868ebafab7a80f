// A document with a long log: users who typed in turns, a tenth of it deletions.

const FRAGMENT = "description.en"
const PARAGRAPHS = 60
const PEOPLE = 12

/** @returns {state, rest}: the document without its last edits, and these as updates; all base64 */
export function makeHistory(Y, edits, last) {
  const ydoc = new Y.Doc()
  const fragment = ydoc.getXmlFragment(FRAGMENT)
  const people = Array.from({ length: PEOPLE }, (_, i) => 1_000_000 + i)
  const rest = []
  for (let i = 0; i < PARAGRAPHS; i++) {
    const paragraph = new Y.XmlElement("paragraph")
    paragraph.insert(0, [new Y.XmlText("Absatz ")])
    fragment.insert(i, [paragraph])
  }
  let state
  let run = 0
  let text
  let place
  for (let i = 0; i < edits; i++) {
    if (i === edits - last) {
      state = Y.encodeStateAsUpdate(ydoc)
      ydoc.on("update", (update) => rest.push(b64(update)))
    }
    if (run-- <= 0) {
      ydoc.clientID = people[dice(PEOPLE)]
      text = fragment.get(dice(PARAGRAPHS)).get(0)
      place = dice(text.length + 1)
      run = 5 + dice(40)
    }
    if (dice(10) === 0 && place > 0) text.delete(--place, 1)
    else text.insert(place++, String.fromCharCode(97 + dice(26)))
  }
  return { state: b64(state), rest }
}

let seed = 7

function dice(below) {
  seed = (seed * 1103515245 + 12345) % 2147483648
  return Math.floor((seed / 2147483648) * below)
}

const b64 = (bytes) => Buffer.from(bytes).toString("base64")
