// The editor's plugins, in the order they depend on each other.

import { EditorState, ySyncPlugin, yUndoPlugin } from "../../vendor/klimawerk-editor.yjs-13.6.33.js"
import { carets } from "./carets.js"
import { keys } from "./keys.js"
import { schema } from "./schema.js"

/** @param fragment the Y.XmlFragment; `session` is asked by keyboard and carets */
export function editorState(fragment, session) {
  const plugins = [ySyncPlugin(fragment), carets(session.live), yUndoPlugin(), ...keys(session)]
  return EditorState.create({ schema, plugins })
}
