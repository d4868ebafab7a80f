// Switches the language that a sheet shows on narrow screens, without loading a page.
//
// <div class="desk" data-show="en"> holds parts with data-part="en", "de", ...; the switch is a list of links with
// data-show-language, which also work without a script.

const NARROW = "(max-width: 74.99rem)"

export function startLanguages() {
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-show-language]")
    const sheet = link?.closest("[data-show]")
    if (!sheet || event.ctrlKey || event.metaKey || !matchMedia(NARROW).matches) return
    const language = link.dataset.showLanguage
    if (!sheet.querySelector(`[data-part="${CSS.escape(language)}"]`)) return
    event.preventDefault()
    show(sheet, language)
  })
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
