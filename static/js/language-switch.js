// Switches the language that a sheet shows on narrow screens, without loading a page. Wide ones show two.
//
// <div class="desk" data-show="en" data-beside="de"> holds parts with data-part="en", "de", ...; the switch is a list of
// links with data-show-language, which also work without a script.

const WIDE = matchMedia("(min-width: 75rem)")

export function startLanguages() {
  placeTabStops()
  WIDE.addEventListener("change", placeTabStops)
  document.addEventListener("kw:swapped", placeTabStops)
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-show-language]")
    const sheet = link?.closest("[data-show]")
    if (!sheet || event.ctrlKey || event.metaKey || WIDE.matches) return
    const language = link.dataset.showLanguage
    if (!sheet.querySelector(`[data-part="${CSS.escape(language)}"]`)) return
    event.preventDefault()
    show(sheet, language)
  })
}

/** Of two texts side by side only the first is a tab stop (see pens.js); a text that is shown alone is one in any language. */
function placeTabStops() {
  const { beside } = document.querySelector("[data-beside]")?.dataset ?? {}
  if (!beside) return
  for (const pen of document.querySelectorAll(`[data-part="${CSS.escape(beside)}"] > .pen`)) pen.tabIndex = WIDE.matches ? -1 : 0
}

function show(sheet, language) {
  sheet.dataset.show = language
  for (const link of sheet.querySelectorAll("a[data-show-language]")) {
    if (link.dataset.showLanguage === language) link.setAttribute("aria-current", "true")
    else link.removeAttribute("aria-current")
  }
  const address = new URL(location.href)
  address.searchParams.set("show", language)
  history.replaceState(null, "", address)
}
