// What the server would refuse is not made here: lists nested too deeply, and links of before whose addresses are no
// longer allowed.

import { Plugin, ySyncPluginKey } from "../../vendor/klimawerk-editor.yjs-13.6.33.js"
import { note } from "../text-note.js"
import { allowedLink } from "./link-rule.js"
import { schema } from "./schema.js"

/** Levels of nodes above the letters; klimawerk/collab/validator.py allows one more for these. */
export const DEEPEST = 39

/** Own edits that nest too deeply do not happen, which is said at `host`. */
export function limits(host) {
  return new Plugin({
    filterTransaction(transaction) {
      const fits = !transaction.docChanged || transaction.getMeta(ySyncPluginKey) || depthOf(transaction.doc) <= DEEPEST
      if (!fits) note(host, "note.deep")
      return fits
    },
  })
}

/** Levels of nodes below this one, without texts. */
export function depthOf(node) {
  return Math.max(0, ...node.children.map((child) => (child.isBlock ? 1 + depthOf(child) : 0)))
}

/** Takes refused links off before somebody edits, not to be undone: the server would not take them again. */
export function dropRefusedLinks(view) {
  const { tr } = view.state
  tr.doc.descendants((node, at) => {
    const link = schema.marks.link.isInSet(node.marks)
    if (link && !allowedLink(link.attrs.href)) tr.removeMark(at, at + node.nodeSize, link)
  })
  if (tr.docChanged) view.dispatch(tr.setMeta("addToHistory", false))
}
