// What a long text may hold. Node types are never taken out: y-prosemirror deletes for everybody what it does not
// know. Contents are loose where two people's simultaneous edits could break a stricter rule.

import { Schema } from "../../vendor/klimawerk-editor.yjs-13.6.33.js"

const ALLOWED = /^(https?:|mailto:)/i

export const schema = new Schema({
  nodes: {
    doc: { content: "block+" },
    paragraph: { group: "block", content: "inline*", parseDOM: [{ tag: "p" }], toDOM: () => ["p", 0] },
    heading: {
      group: "block",
      content: "inline*",
      defining: true,
      attrs: { level: { default: 3 } },
      parseDOM: ["h1", "h2", "h3", "h4", "h5", "h6"].map((tag) => ({ tag, attrs: { level: tag < "h4" ? 3 : 4 } })),
      toDOM: (node) => [Number(node.attrs.level) === 4 ? "h4" : "h3", 0],
    },
    bullet_list: { group: "block", content: "list_item+", parseDOM: [{ tag: "ul" }], toDOM: () => ["ul", 0] },
    ordered_list: { group: "block", content: "list_item+", parseDOM: [{ tag: "ol" }], toDOM: () => ["ol", 0] },
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

/** `{href}` for an address that may stand in a text; false for any other. */
export function allowedLink(href) {
  const address = String(href ?? "").trim()
  return ALLOWED.test(address) && !/[\s<>"\p{Cc}]/u.test(address) ? { href: address } : false
}
