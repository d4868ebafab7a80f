// A classic script: it is here before what it watches. On a line that breaks, what did not come is asked for again, and a
// page of which the end did not come, too.
(() => {
  const posted = "posted" in document.currentScript.dataset
  const later = (work, tries) => setTimeout(work, Math.min(15_000, 500 * 2 ** tries))
  let tries = 0
  addEventListener("error", ({ target }) => {
    if (!target.matches?.("script[type=module], link[rel=stylesheet]:not([id])") || tries > 20) return
    const fresh = document.createElement(target.localName)
    for (const { name, value } of target.attributes) fresh.setAttribute(name, value)
    later(() => target.replaceWith(fresh), tries++)
  }, true)
  if (!posted) addEventListener("DOMContentLoaded", () => {
    const cuts = +(sessionStorage.cuts ?? 0)
    if (document.getElementById("announce")) return delete sessionStorage.cuts
    sessionStorage.cuts = cuts + 1
    if (cuts < 5) later(() => location.reload(), cuts)
  })
})()
