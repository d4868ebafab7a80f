// Elements without HTML: what people wrote goes into them as text alone.

/** @param properties of the element; `data` are data attributes. Children that are null are left out. */
export function createElement(tag, { data = {}, ...properties } = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties)
  Object.assign(element.dataset, data)
  element.append(...children.filter((child) => child !== null))
  return element
}

/** A dialog in the page, not shown yet. */
export function dialogOf(id, title, ...children) {
  const head = createElement("h2", { id: `${id}-title`, textContent: title })
  const element = createElement("dialog", { id }, head, ...children)
  element.setAttribute("aria-labelledby", head.id)
  document.body.append(element)
  return element
}

export function plainButton(text, properties) {
  return createElement("button", { type: "button", className: "plain", textContent: text, ...properties })
}
