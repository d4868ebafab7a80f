// Where words stand that somebody speaks about: positions that move with the text, and the words around them for the
// day when those positions are gone (who turns a paragraph into a heading writes all of it anew).

import {
  Y,
  absolutePositionToRelativePosition,
  relativePositionToAbsolutePosition,
  ySyncPluginKey,
} from "../../vendor/klimawerk-editor.yjs-13.6.33.js"
import { decode, encode } from "../collab/base64.js"

const UNSEEN = /[\s\u00ad\u034f\u200b\u2060-\u2064\ufeff]/g
const LETTER = /\P{M}\p{M}*|\p{M}/gu

/** {from, to} in the live document, as base64, for {words, before, after}; {} where they do not stand in the text. */
export function anchorOf(state, passage) {
  const range = best(found(state.doc, passage.words), passage)
  const { binding, type } = ySyncPluginKey.getState(state)
  if (!range || !binding) return {}
  const moving = (position) => absolutePositionToRelativePosition(position, type, binding.mapping)
  const [from, to] = [range.from, range.to].map((position) => encode(Y.encodeRelativePosition(moving(position))))
  return { from, to }
}

/** Where the passage is in the editor's text now: {from, to}; null when nothing is left of it. Its own place counts
 *  more than its words: these may stand elsewhere, too. */
export function rangeOf(state, passage) {
  const ranges = found(state.doc, passage.words)
  const place = anchored(state, passage)
  if (!place) return best(ranges, passage)
  return ranges.find(({ from, to }) => from < place.to && to > place.from) ?? place
}

function anchored(state, { from, to }) {
  const ends = [from, to].map((text) => positionOf(state, text))
  if (ends.includes(null) || ends[0] >= ends[1]) return null
  const [start, end] = ends
  return state.doc.textBetween(start, end).trim() ? { from: start, to: end } : null
}

/** Others may send what they like: nonsense is no position. */
function positionOf(state, text) {
  const { binding, doc, type } = ySyncPluginKey.getState(state)
  try {
    const position = Y.decodeRelativePosition(decode(text))
    if (position.tname || !binding) return null
    return relativePositionToAbsolutePosition(doc, type, position, binding.mapping)
  } catch {
    return null
  }
}

/** Every place where the words stand, however lines are broken and letters composed: {from, to, before, after} with
 *  the letters around. */
function found(doc, words) {
  const { letters, at } = lettersOf(doc)
  const wanted = look(words)
  const ranges = []
  for (let i = letters.indexOf(wanted); wanted && i >= 0; i = letters.indexOf(wanted, i + 1)) {
    const end = i + wanted.length
    ranges.push({ from: at[i].from, to: at[end - 1].to, before: letters.slice(0, i), after: letters.slice(end) })
  }
  return ranges
}

/** The one with most of the same letters around it; the first of equals. */
function best(ranges, { before, after }) {
  const [left, right] = [look(before), look(after)]
  const likeness = (range) => same(turned(range.before), turned(left)) + same(range.after, right)
  return ranges.reduce((most, range) => (most && likeness(most) >= likeness(range) ? most : range), null)
}

function same(one, other) {
  let count = 0
  while (count < other.length && one[count] === other[count]) count++
  return count
}

function turned(text) {
  return [...text.slice(-100)].reverse().join("")
}

// A text that stays as it is is read once, however many passages are looked for in it.
const known = new WeakMap()

function lettersOf(doc) {
  if (!known.has(doc)) known.set(doc, read(doc))
  return known.get(doc)
}

function read(doc) {
  const at = []
  let letters = ""
  doc.descendants((node, position) => {
    for (const { 0: letter, index } of node.text?.matchAll(LETTER) ?? []) {
      const seen = look(letter)
      letters += seen
      for (const from = position + index; at.length < letters.length; ) at.push({ from, to: from + letter.length })
    }
  })
  return { letters, at }
}

/** What words that look the same have in common, without blanks: lines may be broken anywhere. */
function look(text = "") {
  return text.replace(UNSEEN, "").normalize()
}
