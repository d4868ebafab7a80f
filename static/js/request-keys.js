// A form that creates something carries a key, so that it creates once however often it is sent (klimawerk/idempotency).

import { newId } from "./ids.js"

/** Whoever comes back to a page that the browser kept as it was means something new when they press again. */
export function startRequestKeys() {
  addEventListener("pageshow", (event) => {
    if (event.persisted) renewKeys(document)
  })
}

export function renewKeys(root) {
  for (const field of root.querySelectorAll("input[name=request_key]")) field.value = newId()
}
