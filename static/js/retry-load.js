// Retries failed loading on an unreliable connection: scripts, style sheets, and a page whose HTML broke off. No event
// reports a broken-off page: it stays in readyState "loading", stops growing, and runs only async scripts.
(() => {
  const parts = "script[type=module], link[rel=stylesheet]:not([id])"
  let tries = 0
  let size = 0
  let still = 0 // seconds
  const replace = (part) => {
    const fresh = document.createElement(part.localName)
    for (const { name, value } of part.attributes) fresh.setAttribute(name, value)
    setTimeout(() => part.replaceWith(fresh), Math.min(15_000, 500 * 2 ** tries++))
  }
  const came = ({ src, href }) => performance.getEntriesByName(src ?? href).some((entry) => entry.decodedBodySize !== 0)
  addEventListener("error", ({ target }) => target.matches?.(parts) && replace(target), true)
  // Loads that failed before this script ran.
  addEventListener("load", () => document.querySelectorAll(parts).forEach((part) => came(part) || replace(part)))
  const watch = setInterval(() => {
    const whole = document.getElementById("announce")
    still = size < document.all.length ? 0 : still + 1
    size = document.all.length
    if (!whole && document.readyState == "loading" && still < 8) return
    clearInterval(watch)
    if (whole) return delete sessionStorage.cuts
    sessionStorage.cuts = +(sessionStorage.cuts ?? 0) + 1
    if (sessionStorage.cuts < 6) location.reload()
  }, 1_000)
})()
