// Menus (<details class="menu">) close by Escape, by a choice in them (a field in one opens there), and when the focus or a press goes elsewhere.

export function startMenus() {
  document.addEventListener("keydown", onKeydown)
  document.addEventListener("focusin", closeOthers)
  document.addEventListener("pointerdown", closeOthers)
  document.addEventListener("click", onChoice, true) // before what the choice opens takes the focus
}

function onKeydown(event) {
  const menu = event.key === "Escape" && !event.defaultPrevented && document.querySelector("details.menu[open]")
  if (!menu) return
  event.preventDefault()
  close(menu)
}

function onChoice({ target }) {
  const menu = target.closest("details.menu[open]")
  if (menu && target.closest("a, button") && !target.closest("kw-field")) close(menu)
}

function closeOthers({ target }) {
  for (const menu of document.querySelectorAll("details.menu[open]")) if (!menu.contains(target)) menu.open = false
}

/** Close the menu; a focus in it goes back to what opens it, so that a dialog can return it there. */
function close(menu) {
  if (menu.contains(document.activeElement)) menu.querySelector("summary").focus()
  menu.open = false
}
