// Busy state of forms whose response takes seconds; prevents a second submission: <form data-busy> with a <div
// class="busy" hidden>.

import { announce } from "./announce.js"

export function startBusy() {
  document.addEventListener("submit", (event) => {
    if (event.defaultPrevented || !event.target.matches("form[data-busy]")) return
    if (event.target.ariaBusy === "true") event.preventDefault()
    else show(event.target, true)
  })
  // A page restored from the back/forward cache is not busy any more.
  addEventListener("pageshow", () => document.querySelectorAll("form[data-busy]").forEach((form) => show(form, false)))
}

function show(form, busy) {
  const message = form.querySelector(".busy")
  form.ariaBusy = String(busy)
  message.hidden = !busy
  if (busy) announce(message.textContent.trim())
}
