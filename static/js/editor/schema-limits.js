// Refuses in the editor what the server would refuse: lists nested too deeply, and links whose addresses are no longer
// allowed.

import { Plugin, ySyncPluginKey } from "../../vendor/klimawerk-editor.yjs-13.6.33.js"
import { note } from "../text-note.js"
import { allowedLink } from "./link-rule.js"
import { schema } from "./schema.js"

/** Maximum depth of nodes above the text; validation/validator.py on the server allows one more for the text itself. */
export const DEEPEST = 39

/** Plugin that drops own edits which nest too deeply, with a note at `host`. */
export function limits(host) {
  return new Plugin({
    filterTransaction(transaction) {
      const fits = !transaction.docChanged || transaction.getMeta(ySyncPluginKey) || depthOf(transaction.doc) <= DEEPEST
      if (!fits) note(host, "note.deep")
      return fits
    },
  })
}

/** Depth of block nodes below this node. */
export function depthOf(node) {
  return Math.max(0, ...node.children.map((child) => (child.isBlock ? 1 + depthOf(child) : 0)))
}

/** Remove links that are no longer allowed before editing begins, without an undo step: the server would refuse an edit
 *  that repeats them. */
export function dropRefusedLinks(view) {
  const { tr } = view.state
  tr.doc.descendants((node, at) => {
    const link = schema.marks.link.isInSet(node.marks)
    if (link && !allowedLink(link.attrs.href)) tr.removeMark(at, at + node.nodeSize, link)
  })
  if (tr.docChanged) view.dispatch(tr.setMeta("addToHistory", false))
}
