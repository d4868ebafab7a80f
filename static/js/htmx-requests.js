// htmx configuration: adds our request headers, and never swaps a sign-in page into part of another page.

import { renewToken } from "./form-token.js"
import { headers } from "./http.js"
import { htmx } from "./libraries.js"
import { signInAgain } from "./relogin.js"

export function startRequests() {
  htmx.config.noSwap = [204, 304, 401]
  htmx.config.morphIgnore.push("open") // parts of the page that the user opened stay open
  document.addEventListener("htmx:config:request", ({ detail }) => {
    Object.assign(detail.ctx.request.headers, headers())
  })
  document.addEventListener("htmx:after:request", ({ detail }) => {
    const status = detail.ctx.response?.status
    if (status === 401) signInAgain()
    if (status === 400) renewToken()
  })
}
