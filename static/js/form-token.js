// The token that every form of this page carries, and for whom it was made.

const FORM = "/login/form"

/** Somebody else's words stay theirs: another person gets a page of their own. */
export function settled(answer) {
  if (isSomebodyElse(answer)) {
    location.reload()
    return false
  }
  carry(answer.headers.get("X-CSRFToken"))
  return true
}

function isSomebodyElse(answer) {
  return answer.headers.get("X-Person") != document.documentElement.dataset.userId
}

/**
 * Give the page a form token that is good now; resolves with the answer, which names the person if one is signed in.
 * Forms keep theirs, which names whose they are, while nobody is: the server then asks to sign in and gives them back.
 */
export async function renewToken() {
  const answer = await fetch(FORM, { headers: { "HX-Request": "true" }, cache: "no-store" })
  const form = new DOMParser().parseFromString(await answer.text(), "text/html")
  const fresh = answer.headers.get("X-CSRFToken") ?? form.querySelector("input[name=csrf_token]")?.value
  if (fresh) isSomebodyElse(answer) ? (token().content = fresh) : carry(fresh)
  return answer
}

/** All forms, also those that go without a script. */
function carry(fresh) {
  token().content = fresh
  for (const input of document.querySelectorAll("[name=csrf_token]")) input.value = fresh
}

export function token() {
  return document.querySelector("meta[name=csrf-token]")
}

/** Another tab may have signed in already. */
export async function elsewhere() {
  try {
    const answer = await renewToken()
    return answer.headers.has("X-Person") && settled(answer)
  } catch {
    return false
  }
}
