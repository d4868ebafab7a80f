// Creates DOM elements without parsing HTML: user content is inserted as text only.

/** @param properties of the element; `data` are data attributes. Null children are left out. */
export function createElement(tag, { data = {}, ...properties } = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties)
  Object.assign(element.dataset, data)
  element.append(...children.filter((child) => child !== null))
  return element
}

/** A dialog appended to the page, not yet open. */
export function dialogOf(id, title, ...children) {
  const head = createElement("h2", { id: `${id}-title`, textContent: title })
  const element = createElement("dialog", { id }, head, ...children)
  element.setAttribute("aria-labelledby", head.id)
  document.body.append(element)
  return element
}

/** A button (type "button", class "plain") with the label `text`. */
export function plainButton(text, properties) {
  return createElement("button", { type: "button", className: "plain", textContent: text, ...properties })
}
