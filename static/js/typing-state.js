// Marks the page while an input has the focus: in a low window, as above a phone's keyboard, the navigation leaves its
// room. A selector `html:has(:focus)` would have the browser restyle the whole page at each letter.

const root = document.documentElement.classList

/** Keep the class "typing" of <html>. */
export function startTypingState() {
  document.addEventListener("focusin", ({ target }) =>
    root.toggle("typing", target.matches("input, textarea, [contenteditable=true]")),
  )
  document.addEventListener("focusout", () => root.remove("typing"))
}
