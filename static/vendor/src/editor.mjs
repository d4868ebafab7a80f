// What the editor takes from others. One bundle, so that Yjs exists once in a page.
export * as Y from "yjs"
export * as encoding from "lib0/encoding"
export * as decoding from "lib0/decoding"
export { Schema, DOMParser, DOMSerializer, Fragment, Slice } from "prosemirror-model"
export { EditorState, Plugin, PluginKey, TextSelection } from "prosemirror-state"
export { Decoration, DecorationSet, EditorView } from "prosemirror-view"
export { keymap } from "prosemirror-keymap"
export { baseKeymap, chainCommands, lift, setBlockType, toggleMark } from "prosemirror-commands"
export { liftListItem, sinkListItem, splitListItem, wrapInList } from "prosemirror-schema-list"
export {
  absolutePositionToRelativePosition,
  redo,
  relativePositionToAbsolutePosition,
  undo,
  yCursorPlugin,
  yCursorPluginKey,
  ySyncPlugin,
  ySyncPluginKey,
  yUndoPlugin,
  yUndoPluginKey,
} from "y-prosemirror"
