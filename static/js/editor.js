// Entry of the editor: live texts, and everything that only they need.

export { Session } from "./editor/session.js"
export { askFirst, sendText } from "./collab/leftover-texts.js"
