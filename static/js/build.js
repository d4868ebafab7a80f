// Elements without HTML: what people wrote goes into them as text alone.

/** @param properties of the element; `data` are data attributes. Children that are null are left out. */
export function build(tag, { data = {}, ...properties } = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties)
  Object.assign(element.dataset, data)
  element.append(...children.filter((child) => child !== null))
  return element
}
