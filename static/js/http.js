// Requests to our own server, with what every one of them carries: the page's name and the form token.

import { connection } from "./connection.js"
import { renewToken } from "./form-token.js"
import { signInAgain } from "./relogin.js"

/** What each request of this page carries, whoever makes it. */
export function headers() {
  const token = document.querySelector("meta[name=csrf-token]")?.content ?? ""
  const { gen } = document.documentElement.dataset
  return { "HX-Request": "true", "X-CSRFToken": token, ...(connection.id && { "X-Page": connection.id }), ...(gen && { "X-Gen": gen }) }
}

/** The answer to a GET, or null when the network or the server fails. */
export function get(url) {
  return request(url, { method: "GET" })
}

/** The answer to a POST of `body` (URLSearchParams), or null when the network or the server fails.
 *  A login that has ended is renewed in place, and the request made again. */
export async function post(url, body) {
  const send = () => request(url, { method: "POST", body })
  const again = () => (body.set("csrf_token", headers()["X-CSRFToken"]), send())
  let answer = await send()
  if (answer?.status === 400) answer = await renewToken().then(again, () => null) // the form token has aged, most likely
  if (answer && signedOut(answer)) answer = await signInAgain().then(again)
  return answer
}

function signedOut(answer) {
  return answer.status === 401 || (answer.redirected && new URL(answer.url).pathname === "/login")
}

/** Whether the answer is a message about the request and not the part of the page that was asked for. */
export function isError(answer) {
  return answer.headers.has("HX-Retarget")
}

/** The words of a piece of HTML, on one line. */
export function sentence(html) {
  const template = Object.assign(document.createElement("template"), { innerHTML: html })
  return template.content.textContent.replace(/\s+/g, " ").trim()
}

async function request(url, options) {
  const patience = AbortSignal.timeout(30_000)
  try {
    const answer = await fetch(url, { ...options, headers: headers(), credentials: "same-origin", signal: patience })
    return answer.status >= 500 || answer.status === 429 ? null : answer
  } catch {
    return null
  }
}
