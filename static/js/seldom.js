// Entry of what few pages need.

import "./seldom/lock-refresh.js"
import "./seldom/paste-table.js"
export { startMentions } from "./mentions.js"
export { adoptRefusedText, keepRefusedText } from "./seldom/locked-field.js"
export { cleanHtml } from "./seldom/paste-html.js"
export { notePictures } from "./seldom/paste-fields.js"
export { signInDialog } from "./seldom/relogin-dialog.js"
