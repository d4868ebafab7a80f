// HTTP requests to our own server, with the page id, the form token (CSRF) and the generation.

import { connection } from "./connection.js"
import { renewToken } from "./form-token.js"
import { signInAgain } from "./relogin.js"

/** Headers of every request of this page. */
export function headers() {
  const token = document.querySelector("meta[name=csrf-token]")?.content ?? ""
  const { gen } = document.documentElement.dataset
  return { "HX-Request": "true", "X-CSRFToken": token, ...(connection.id && { "X-Page": connection.id }), ...(gen && { "X-Gen": gen }) }
}

/** The response to a GET, or null when the network or the server fails. */
export function get(url) {
  return request(url, { method: "GET" })
}

/** The response to a POST of `body` (URLSearchParams), or null when the network or the server fails. When the login has
 *  ended, the user signs in again in place and the request is repeated. */
export async function post(url, body) {
  const send = () => request(url, { method: "POST", body })
  const resend = () => (body.set("csrf_token", headers()["X-CSRFToken"]), send())
  let answer = await send()
  if (answer?.status === 400) answer = await renewToken().then(resend, () => null) // most likely the form token has expired
  if (answer && signedOut(answer)) answer = await signInAgain().then(resend)
  return answer
}

function signedOut(answer) {
  return answer.status === 401 || (answer.redirected && new URL(answer.url).pathname === "/login")
}

/** Whether the response is an error message and not the requested part of the page. */
export function isError(answer) {
  return answer.headers.has("HX-Retarget")
}

/** The text of an HTML fragment on one line. */
export function sentence(html) {
  const template = Object.assign(document.createElement("template"), { innerHTML: html })
  return template.content.textContent.replace(/\s+/g, " ").trim()
}

async function request(url, options) {
  const timeout = AbortSignal.timeout(30_000)
  try {
    const answer = await fetch(url, { ...options, headers: headers(), credentials: "same-origin", signal: timeout })
    return answer.status >= 500 || answer.status === 429 ? null : answer
  } catch {
    return null
  }
}
