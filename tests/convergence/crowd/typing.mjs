// Ordinary typing: `node typing.mjs EDITS PEOPLE SESSION SEED`. Prints each keystroke's update, one a line (base64),
// after the line with the document's start. A tenth of the keystrokes delete; after SESSION of them the page is
// reloaded, which makes another client id; now and then the caret moves elsewhere.

import { Y } from "../../../static/vendor/klimawerk-editor.yjs-13.6.33.js"
import { Dice } from "./dice.mjs"
import { block } from "./texts.mjs"

const WORDS = "die stadt richtet mit der partnerstadt vierzig sammelstellen für bioabfall ein the waste is collected".split(" ")
const LONG = 400 // characters of a paragraph, about
const [edits, people, session, seed] = process.argv.slice(2).map(Number)
const dice = new Dice(seed)
const lines = []
const b64 = (bytes) => Buffer.from(bytes).toString("base64")

/** The shared document; authors take turns by its client id. */
const doc = new Y.Doc()
const fragment = doc.getXmlFragment("description.en")
doc.transact(() => fragment.insert(0, [block("paragraph", "Am Anfang. ")]))
lines.push(b64(Y.encodeStateAsUpdate(doc)))
doc.on("update", (update) => lines.push(b64(update)))

class Typist {
  strokes = 0
  left = []

  stroke() {
    if (this.strokes++ % session === 0) this.author = dice.below(2 ** 32)
    if (!this.text || dice.chance < 0.01) this.#go()
    doc.clientID = this.author
    this.place = Math.min(this.place, this.text.length)
    if (this.place && dice.chance < 0.1) return this.text.delete(--this.place, 1)
    if (this.text.length > LONG && dice.chance < 0.01) return this.#enter()
    if (!this.left.length) this.left = [...`${dice.pick(WORDS)} `]
    this.text.insert(this.place++, this.left.shift())
  }

  #go() {
    this.text = dice.pick(fragment.toArray()).get(0)
    this.place = dice.chance < 0.7 ? this.text.length : dice.below(this.text.length + 1)
  }

  #enter() {
    const fresh = block("paragraph", dice.pick(WORDS))
    doc.transact(() => fragment.insert(fragment.length, [fresh]))
    this.text = fresh.get(0)
    this.place = this.text.length
  }
}

const typists = Array.from({ length: people }, () => new Typist())
while (lines.length <= edits) dice.pick(typists).stroke()
process.stdout.write(lines.join("\n") + "\n")
