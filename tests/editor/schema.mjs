// The browser's schema and link rule as JSON. Input: {"links": [addresses], "documents": [ProseMirror JSON], "levels"
// and "orders": [values of attributes]}
import { readFileSync } from "node:fs"
import { depthOf, DEEPEST } from "../../static/js/editor/schema-limits.js"
import { allowedLink, LONGEST_LINK } from "../../static/js/editor/link-rule.js"
import { schema } from "../../static/js/editor/schema.js"

// Attributes of display and caret movement, which are not stored.
const OWN = ["parseDOM", "toDOM", "leafText", "inline", "selectable", "defining", "inclusive"]

const asked = JSON.parse(readFileSync(0, "utf8"))
const stored = (types) =>
  Object.entries(types).map(([name, { spec }]) => [
    name,
    Object.fromEntries(Object.entries(spec).filter(([key]) => !OWN.includes(key))),
  ])

function fits(json) {
  try {
    const node = schema.nodeFromJSON(json)
    node.check()
    return depthOf(node) <= DEEPEST
  } catch {
    return false
  }
}

const tag = (kind, attrs) => schema.nodes[kind].spec.toDOM({ attrs })
const answer = {
  schema: { nodes: stored(schema.nodes), marks: stored(schema.marks) },
  longest: LONGEST_LINK,
  links: asked.links.map((address) => Boolean(allowedLink(address))),
  fits: asked.documents.map(fits),
  levels: asked.levels.map((level) => Number(tag("heading", { level })[0].slice(1))),
  orders: asked.orders.map((order) => tag("ordered_list", { order })[1].start ?? 1),
}
console.log(JSON.stringify(answer))
