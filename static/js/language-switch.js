// On narrow screens a sheet shows one language at a time: switching needs no new page.
//
// <div class="desk" data-show="en"> holds parts with data-part="en", "de", ...; the switch is links with
// data-show-language, which work without a script as well.

const NARROW = "(max-width: 74.99rem)"

export function startLanguages() {
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-show-language]")
    const desk = link?.closest("[data-show]")
    if (!desk || event.ctrlKey || event.metaKey || !matchMedia(NARROW).matches) return
    const language = link.dataset.showLanguage
    if (!desk.querySelector(`[data-part="${CSS.escape(language)}"]`)) return
    event.preventDefault()
    show(desk, language)
  })
}

function show(desk, language) {
  desk.dataset.show = language
  for (const link of desk.querySelectorAll("a[data-show-language]")) {
    if (link.dataset.showLanguage === language) link.setAttribute("aria-current", "true")
    else link.removeAttribute("aria-current")
  }
  const address = new URL(location.href)
  address.searchParams.set("show", language)
  history.replaceState(null, "", address)
}
