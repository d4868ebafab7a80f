// Reads live texts: their parts, their plain text, and JSON in the same form as the server's.

import { Y } from "../../../static/vendor/klimawerk-editor.yjs-13.6.33.js"

const MARKS = ["link", "em", "strong"]

/** Every text in a node, in reading order. */
export function textsIn(node) {
  return node.toArray().flatMap((child) => (child instanceof Y.XmlText ? [child] : textsIn(child)))
}

/** Every element of these names in a node, in reading order. */
export function elementsIn(node, names) {
  const found = node.toArray().filter((child) => child instanceof Y.XmlElement)
  return found.flatMap((child) => [...(names.includes(child.nodeName) ? [child] : []), ...elementsIn(child, names)])
}

/** The plain text. */
export function plain(text) {
  return text.toDelta().map((run) => run.insert).join("")
}

/** A block of one text, not yet in a document. */
export function block(name, words, attributes = {}) {
  const element = new Y.XmlElement(name)
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value)
  const text = new Y.XmlText()
  text.insert(0, words)
  element.insert(0, [text])
  return element
}

/** A fragment as the editor's JSON. */
export function read(fragment) {
  return { type: "doc", content: fragment.toArray().map(node) }
}

function node(element) {
  const name = element.nodeName
  const inline = name === "paragraph" || name === "heading"
  const content = element.toArray().flatMap((child) => (inline ? inner(child) : [node(child)]))
  const attrs = name === "heading" ? { attrs: { level: Number(element.getAttribute("level")) } } : {}
  return { type: name, ...attrs, ...(content.length && { content }) }
}

function inner(child) {
  if (!(child instanceof Y.XmlText)) return [{ type: child.nodeName }]
  return child.toDelta().map(({ insert, attributes = {} }) => ({ type: "text", text: insert, ...marks(attributes) }))
}

function marks(attributes) {
  const found = MARKS.filter((name) => attributes[name] != null)
  if (!found.length) return {}
  return { marks: found.map((type) => (type === "link" ? { type, attrs: { href: attributes.link.href } } : { type })) }
}
