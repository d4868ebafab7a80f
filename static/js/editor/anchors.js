// Anchors of comments: relative positions of a passage, which move with the text, with its words and the text around
// them as a fallback for when the positions are deleted (turning a paragraph into a heading inserts all of it again).

import {
  Y,
  absolutePositionToRelativePosition,
  relativePositionToAbsolutePosition,
  ySyncPluginKey,
} from "../../vendor/klimawerk-editor.yjs-13.6.33.js"
import { decode, encode } from "../collab/base64.js"

const INVISIBLE = /[\s\u00ad\u034f\u200b\u2060-\u2064\ufeff]/g
const CHARACTER = /\P{M}\p{M}*|\p{M}/gu

/** The anchor {from, to} of {words, before, after} as base64; {} where the passage is not in the text. */
export function anchorOf(state, passage) {
  const range = mostSimilar(occurrences(state.doc, passage.words), passage)
  const { binding, type } = ySyncPluginKey.getState(state)
  if (!range || !binding) return {}
  const relative = (position) => absolutePositionToRelativePosition(position, type, binding.mapping)
  const [from, to] = [range.from, range.to].map((position) => encode(Y.encodeRelativePosition(relative(position))))
  return { from, to }
}

/** The range {from, to} of a passage in the editor's text; null when nothing is left of it. Its anchor takes precedence
 *  over its words, which may occur elsewhere too. */
export function rangeOf(state, passage) {
  const ranges = occurrences(state.doc, passage.words)
  const place = anchorRange(state, passage)
  if (!place) return mostSimilar(ranges, passage)
  return ranges.find(({ from, to }) => from < place.to && to > place.from) ?? place
}

function anchorRange(state, { from, to }) {
  const ends = [from, to].map((text) => positionOf(state, text))
  if (ends.includes(null) || ends[0] >= ends[1]) return null
  const [start, end] = ends
  return state.doc.textBetween(start, end).trim() ? { from: start, to: end } : null
}

/** Anchors come from other clients: an invalid one is no position. */
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

/** Every occurrence of the words, whatever the line breaks and Unicode composition: {from, to, before, after} with the
 *  text around. */
function occurrences(doc, words) {
  const { characters, at } = charactersOf(doc)
  const searched = normalise(words)
  const ranges = []
  for (let i = characters.indexOf(searched); searched && i >= 0; i = characters.indexOf(searched, i + 1)) {
    const end = i + searched.length
    ranges.push({ from: at[i].from, to: at[end - 1].to, before: characters.slice(0, i), after: characters.slice(end) })
  }
  return ranges
}

/** The occurrence with the most similar surrounding text; the first of equals. */
function mostSimilar(ranges, { before, after }) {
  const [leftText, rightText] = [normalise(before), normalise(after)]
  const likeness = (range) => commonLength(reversed(range.before), reversed(leftText)) + commonLength(range.after, rightText)
  return ranges.reduce((best, range) => (best && likeness(best) >= likeness(range) ? best : range), null)
}

function commonLength(first, second) {
  let count = 0
  while (count < second.length && first[count] === second[count]) count++
  return count
}

function reversed(text) {
  return [...text.slice(-100)].reverse().join("")
}

// The characters of a document version are read once for all passages.
const cache = new WeakMap()

function charactersOf(doc) {
  if (!cache.has(doc)) cache.set(doc, read(doc))
  return cache.get(doc)
}

function read(doc) {
  const at = []
  let characters = ""
  doc.descendants((node, position) => {
    for (const { 0: character, index } of node.text?.matchAll(CHARACTER) ?? []) {
      const normalised = normalise(character)
      characters += normalised
      for (const from = position + index; at.length < characters.length; ) at.push({ from, to: from + character.length })
    }
  })
  return { characters, at }
}

/** Normalised text for comparison, without white space and invisible characters: lines may be broken anywhere. */
function normalise(text = "") {
  return text.replace(INVISIBLE, "").normalize()
}
