// A picture that is pasted into a plain field does nothing there either: that is said below it.

import { note } from "../note.js"
import { counted } from "../words.js"

document.addEventListener("paste", ({ target, clipboardData }) => {
  const { files, types } = clipboardData ?? {}
  if (!target.matches?.("textarea, input")) return
  const pictures = files?.length && ![...types].some((type) => type.startsWith("text/")) ? files.length : 0
  note((target.closest("label") ?? target).parentElement, pictures ? counted("paste.pictures", pictures) : null)
})
