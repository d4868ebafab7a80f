// ProseMirror schema of long texts. Never remove node types or marks: y-prosemirror deletes for all users what the schema
// does not know. A new one: "How to extend" in klimawerk/README.md. Content rules are loose where simultaneous edits of
// two users could break a stricter rule.
//
// The server's copy is SCHEMA in klimawerk/collab/rich_text.py; tests/editor/test_schema.py compares the two.

import { Schema } from "../../vendor/klimawerk-editor.yjs-13.6.33.js"
import { allowedLink } from "./link-rule.js"

const LEVEL = { default: 3, values: [3, 4] }
/** Number of a list's first item; null means 1. Documents written before this attribute existed have none. */
const ORDER = { default: null, from: 0, to: 10_000 }

export const schema = new Schema({
  nodes: {
    doc: { content: "block+" },
    paragraph: { group: "block", content: "inline*", parseDOM: [{ tag: "p" }], toDOM: () => ["p", 0] },
    heading: {
      group: "block",
      content: "inline*",
      defining: true,
      attrs: { level: LEVEL },
      parseDOM: ["h1", "h2", "h3", "h4", "h5", "h6"].map((tag) => ({ tag, attrs: { level: tag < "h4" ? 3 : 4 } })),
      toDOM: (node) => [Number(node.attrs.level) === 4 ? "h4" : "h3", 0],
    },
    bullet_list: { group: "block", content: "list_item+", parseDOM: [{ tag: "ul" }], toDOM: () => ["ul", 0] },
    ordered_list: {
      group: "block",
      content: "list_item+",
      attrs: { order: ORDER },
      parseDOM: [{ tag: "ol", getAttrs: (list) => ({ order: orderOf(list) }) }],
      toDOM: ({ attrs }) => ["ol", { start: number(attrs.order) }, 0],
    },
    list_item: { content: "block+", defining: true, parseDOM: [{ tag: "li" }], toDOM: () => ["li", 0] },
    text: { group: "inline" },
    hard_break: {
      group: "inline",
      inline: true,
      selectable: false,
      parseDOM: [{ tag: "br" }],
      toDOM: () => ["br"],
      leafText: () => "\n",
    },
  },
  marks: {
    link: {
      attrs: { href: {} },
      inclusive: false,
      parseDOM: [{ tag: "a[href]", getAttrs: (element) => allowedLink(element.getAttribute("href")) }],
      toDOM: (mark) => {
        const link = allowedLink(mark.attrs.href)
        return link ? ["a", { href: link.href, rel: "noopener noreferrer" }, 0] : ["span", 0]
      },
    },
    em: { parseDOM: [{ tag: "em" }, { tag: "i" }], toDOM: () => ["em", 0] },
    strong: { parseDOM: [{ tag: "strong" }, { tag: "b" }], toDOM: () => ["strong", 0] },
  },
})

/** From the attribute `start`, or the `value` of the first item. */
function orderOf(list) {
  return number(list.firstElementChild?.getAttribute("value") ?? list.getAttribute("start"))
}

/** A valid first number other than 1; else null. */
function number(value) {
  const order = Math.trunc(parseFloat(value))
  return order >= ORDER.from && order <= ORDER.to && order !== 1 ? order : null
}
