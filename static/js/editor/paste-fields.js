// A picture that is pasted into a plain field does nothing there either: that is said below it.

import { note } from "../note.js"
import { counted } from "../words.js"

document.addEventListener("paste", ({ target, clipboardData }) => {
  if (!target.matches?.("textarea, input")) return
  const pictures = !clipboardData.getData("text") && clipboardData.files.length
  note((target.closest("label") ?? target).parentElement, pictures ? counted("paste.pictures", pictures) : null)
})
