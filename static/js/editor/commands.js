// Editor commands by name, for the toolbar and the keyboard.

import {
  liftListItem,
  redo,
  setBlockType,
  sinkListItem,
  splitListItem,
  toggleMark,
  undo,
  wrapInList,
  yUndoPluginKey,
} from "../../vendor/klimawerk-editor.yjs-13.6.33.js"
import { schema } from "./schema.js"

const { nodes, marks } = schema

/** ProseMirror commands (state, dispatch) => whether it applies. */
export const commands = {
  paragraph: setBlockType(nodes.paragraph),
  heading3: setBlockType(nodes.heading, { level: 3 }),
  heading4: setBlockType(nodes.heading, { level: 4 }),
  bullets: list(nodes.bullet_list),
  numbers: list(nodes.ordered_list),
  bold: toggleMark(marks.strong),
  italic: toggleMark(marks.em),
  undo: (state, dispatch) => (dispatch ? undo(state) : yUndoPluginKey.getState(state).undoManager.canUndo()),
  redo: (state, dispatch) => (dispatch ? redo(state) : yUndoPluginKey.getState(state).undoManager.canRedo()),
  newItem: splitListItem(nodes.list_item),
  deeper: sinkListItem(nodes.list_item),
  higher: liftListItem(nodes.list_item),
  lineBreak: (state, dispatch) => {
    dispatch?.(state.tr.replaceSelectionWith(nodes.hard_break.create(), false).scrollIntoView())
    return true
  },
}

/** Whether the format `name` is active at the selection; null for commands that are no format. */
export function pressed(name, state) {
  const { $from, from, to, empty } = state.selection
  const mark = { bold: marks.strong, italic: marks.em, link: marks.link }[name]
  if (mark) return empty ? Boolean(mark.isInSet(state.storedMarks ?? $from.marks())) : state.doc.rangeHasMark(from, to, mark)
  const around = listAround($from)
  if (name === "bullets") return around === nodes.bullet_list
  if (name === "numbers") return around === nodes.ordered_list
  if (name === "paragraph") return $from.parent.type === nodes.paragraph && !around
  const level = { heading3: 3, heading4: 4 }[name]
  return level ? $from.parent.type === nodes.heading && Number($from.parent.attrs.level) === level : null
}

/** Toggle a list: of the same kind it is removed, of the other kind it is converted. */
function list(type) {
  return (state, dispatch) => {
    const around = listAround(state.selection.$from)
    if (around === type) return liftListItem(nodes.list_item)(state, dispatch)
    return around ? convertList(type)(state, dispatch) : wrapInList(type)(state, dispatch)
  }
}

function convertList(type) {
  return (state, dispatch) => {
    const { $from } = state.selection
    for (let depth = $from.depth; depth > 0; depth--) {
      if (!isList($from.node(depth).type)) continue
      dispatch?.(state.tr.setNodeMarkup($from.before(depth), type))
      return true
    }
    return false
  }
}

function listAround($from) {
  for (let depth = $from.depth; depth > 0; depth--) if (isList($from.node(depth).type)) return $from.node(depth).type
  return null
}

function isList(type) {
  return type === nodes.bullet_list || type === nodes.ordered_list
}
