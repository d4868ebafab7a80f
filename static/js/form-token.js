// The form token (CSRF) of this page, and the account it was issued for.

const FORM = "/login/form"

/** Apply the token of a response. False, and the page reloads, if another account is signed in: unsent text belongs to
 *  the account that wrote it. */
export function applyToken(answer) {
  if (isAnotherAccount(answer)) {
    location.reload()
    return false
  }
  setTokens(answer.headers.get("X-CSRFToken"))
  return true
}

function isAnotherAccount(answer) {
  return answer.headers.get("X-Person") != document.documentElement.dataset.userId
}

/** Fetch a valid form token for the page; resolves with the response, which names the account if one is signed in
 *  (X-Person). While no account is signed in, the forms keep their token, which identifies their author: on submission
 *  the server asks for a sign-in and returns what was typed. */
export async function renewToken() {
  const answer = await fetch(FORM, { headers: { "HX-Request": "true" }, cache: "no-store" })
  const form = new DOMParser().parseFromString(await answer.text(), "text/html")
  const fresh = answer.headers.get("X-CSRFToken") ?? form.querySelector("input[name=csrf_token]")?.value
  if (fresh) isAnotherAccount(answer) ? (token().content = fresh) : setTokens(fresh)
  return answer
}

/** All forms, also those submitted without a script. */
function setTokens(fresh) {
  token().content = fresh
  for (const input of document.querySelectorAll("[name=csrf_token]")) input.value = fresh
}

/** The <meta> element that holds the token of this page. */
export function token() {
  return document.querySelector("meta[name=csrf-token]")
}

/** Whether the user has signed in already in another tab; then its token is applied. */
export async function signedInElsewhere() {
  try {
    const answer = await renewToken()
    return answer.headers.has("X-Person") && applyToken(answer)
  } catch {
    return false
  }
}
