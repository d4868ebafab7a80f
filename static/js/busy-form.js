// A form whose answer takes seconds says so, and is not sent twice: <form data-busy> with a <div class="busy" hidden>.

import { announce } from "./announce.js"

export function startBusy() {
  document.addEventListener("submit", (event) => {
    if (event.defaultPrevented || !event.target.matches("form[data-busy]")) return
    if (event.target.ariaBusy === "true") event.preventDefault()
    else show(event.target, true)
  })
  // Whoever comes back to the page finds it as it was before.
  addEventListener("pageshow", () => document.querySelectorAll("form[data-busy]").forEach((form) => show(form, false)))
}

function show(form, busy) {
  const words = form.querySelector(".busy")
  form.ariaBusy = String(busy)
  words.hidden = !busy
  if (busy) announce(words.textContent.trim())
}
