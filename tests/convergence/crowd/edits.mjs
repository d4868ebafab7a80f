// Random edits, as the editor makes them. Every client writes between tokens, marks any text, and
// deletes or moves only what it wrote in the same life, so the state of every token is known for certain.

import { Y } from "../../../static/vendor/klimawerk-editor.yjs-13.6.33.js"
import { block, elementsIn, plain, textsIn } from "./texts.mjs"
import { gaps, isOf, tokensIn } from "./tokens.mjs"

export const FRAGMENTS = ["title.en", "title.de", "description.en", "description.de"]
const WEIGHTS = { word: 46, letters: 10, remove: 11, split: 6, paragraph: 5, heading: 3, list: 2, item: 4, mark: 7, link: 3, rule: 3 }

/** Edits of one client in one document. `next()`: a new token; `mine`: prefix of the tokens of this life; `weights`:
 *  frequency of each kind of edit, where it differs from ordinary writing. */
export class RandomEditor {
  constructor(doc, dice, mine, next, weights = {}) {
    Object.assign(this, { doc, dice, mine, next, weights: { ...WEIGHTS, ...weights } })
  }

  /** Make one edit. Returns {wrote: [tokens], removed: [tokens], moved: [tokens]}. */
  act() {
    this.done = { wrote: [], removed: [], moved: [] }
    const fragment = this.doc.getXmlFragment(this.dice.pick(FRAGMENTS))
    const what = this.dice.choose(this.weights)
    if (what === "letters") this.letters(fragment)
    else this.doc.transact(() => this[what](fragment))
    return this.done
  }

  word(fragment) {
    const text = this.#text(fragment)
    text.insert(this.dice.pick(gaps(plain(text))), this.#token())
  }

  /** Type character by character; each is a change of its own. */
  letters(fragment) {
    const text = this.#text(fragment)
    let place = this.dice.pick(gaps(plain(text)))
    for (const letter of this.#token()) {
      text.insert(place, letter)
      place += letter.length
    }
  }

  remove(fragment) {
    const found = this.#own(textsIn(fragment))
    if (!found.length) return this.word(fragment)
    const { text, token, at } = this.dice.pick(found)
    text.delete(at, token.length)
    this.done.removed.push(token)
  }

  /** Press Enter within own text: the rest moves into a new block behind. */
  split(fragment) {
    const found = textsIn(fragment).map((text) => this.#tail(text)).filter(Boolean)
    if (!found.length) return this.paragraph(fragment)
    const { text, at, tokens } = this.dice.pick(found)
    const runs = cut(text.toDelta(), at)
    const after = new Y.XmlText()
    after.applyDelta(runs)
    text.delete(at, text.length - at)
    this.#behind(text.parent, after)
    this.done.moved.push(...tokens)
  }

  paragraph(fragment) {
    fragment.insert(this.dice.below(fragment.length + 1), [block("paragraph", this.#token())])
  }

  heading(fragment) {
    const headings = elementsIn(fragment, ["heading"])
    if (headings.length && this.dice.chance < 0.3) return this.dice.pick(headings).setAttribute("level", this.dice.pick([3, 4]))
    fragment.insert(this.dice.below(fragment.length + 1), [block("heading", this.#token(), { level: this.dice.pick([3, 4]) })])
  }

  list(fragment) {
    const list = new Y.XmlElement(this.dice.pick(["bullet_list", "ordered_list"]))
    list.insert(0, [this.#item()])
    fragment.insert(this.dice.below(fragment.length + 1), [list])
  }

  item(fragment) {
    const lists = elementsIn(fragment, ["bullet_list", "ordered_list"])
    if (!lists.length) return this.list(fragment)
    const list = this.dice.pick(lists)
    list.insert(this.dice.below(list.length + 1), [this.#item()])
  }

  mark(fragment) {
    this.#format(fragment, { [this.dice.pick(["strong", "em"])]: this.dice.chance < 0.75 ? {} : null })
  }

  link(fragment) {
    this.#format(fragment, { link: this.dice.chance < 0.75 ? { href: `https://example.org/${this.dice.below(9)}` } : null })
  }

  /** Append a hard break to a block, and text behind it. */
  rule(fragment) {
    const blocks = elementsIn(fragment, ["paragraph", "heading"])
    if (!blocks.length) return this.paragraph(fragment)
    const chosen = this.dice.pick(blocks)
    const text = new Y.XmlText()
    text.insert(0, this.#token())
    chosen.insert(chosen.length, [new Y.XmlElement("hard_break"), text])
  }

  #token() {
    const token = this.next()
    this.done.wrote.push(token)
    return token
  }

  /** A text to write in; an empty block gets one. */
  #text(fragment) {
    const texts = textsIn(fragment)
    if (texts.length && this.dice.chance < 0.95) return this.dice.pick(texts)
    const empty = elementsIn(fragment, ["paragraph", "heading"]).filter((element) => !element.length)
    if (!empty.length) return texts.length ? this.dice.pick(texts) : this.#newText(fragment)
    const text = new Y.XmlText()
    this.dice.pick(empty).insert(0, [text])
    return text
  }

  #newText(fragment) {
    const element = block("paragraph", "")
    fragment.insert(fragment.length, [element])
    return element.get(0)
  }

  #item() {
    const item = new Y.XmlElement("list_item")
    item.insert(0, [block("paragraph", this.#token())])
    return item
  }

  #format(fragment, marks) {
    const texts = textsIn(fragment).filter((text) => text.length)
    if (!texts.length) return this.word(fragment)
    const text = this.dice.pick(texts)
    const places = gaps(plain(text))
    const from = this.dice.below(places.length)
    const to = Math.min(places.length - 1, from + 1 + this.dice.below(4))
    if (places[to] > places[from]) text.format(places[from], places[to] - places[from], marks)
  }

  #own(texts) {
    const all = texts.flatMap((text) => tokensIn(plain(text)).map((found) => ({ ...found, text })))
    return all.filter(({ token }) => isOf(token, this.mine))
  }

  /** Own text at the end of a text, or a part of it; null without any. */
  #tail(text) {
    const all = plain(text)
    const tokens = []
    let at = all.length
    for (const found of tokensIn(all).reverse()) {
      if (found.at + found.token.length !== at || !isOf(found.token, this.mine)) break
      tokens.push(found.token)
      at = found.at
    }
    return tokens.length ? { text, at, tokens } : null
  }

  /** Put a text into a new block behind the one that it was cut from; in a list into a new item. */
  #behind(element, text) {
    const fresh = new Y.XmlElement("paragraph")
    fresh.insert(0, [text])
    const above = element.parent
    if (above instanceof Y.XmlElement && above.nodeName === "list_item") {
      const item = new Y.XmlElement("list_item")
      item.insert(0, [fresh])
      above.parent.insert(index(above) + 1, [item])
    } else above.insert(index(element) + 1, [fresh])
  }
}

function index(element) {
  return element.parent.toArray().indexOf(element)
}

/** The part of the runs behind `at`. */
function cut(runs, at) {
  const found = []
  for (const run of runs) {
    if (run.insert.length > at) found.push({ ...run, insert: run.insert.slice(Math.max(0, at)) })
    at -= run.insert.length
  }
  return found
}
