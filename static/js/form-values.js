// Current and original values of a form, as text for comparison.

/** The current values as text. */
export function current(form) {
  return serialise(form, (control) => control.value, (choice) => choice.checked, (option) => option.selected)
}

/** The values that the server drew, as text. */
export function original(form) {
  return serialise(form, (control) => control.defaultValue, (c) => c.defaultChecked, (option) => option.defaultSelected)
}

/** The values as the user reads them. */
export function readable(form) {
  return controls(form).flatMap(readableValues).filter(Boolean).join(" ")
}

/** Reset every control to the server's value, touching only those that differ. */
export function reset(form) {
  for (const control of controls(form)) {
    if (isChoice(control)) control.checked = control.defaultChecked
    else if (control.localName === "select") resetSelect(control)
    else if (control.value !== control.defaultValue) control.value = control.defaultValue
  }
}

/** Set the controls to the values of `body` (URLSearchParams). */
export function fill(form, body) {
  for (const control of controls(form)) {
    const values = body.getAll(control.name)
    if (isChoice(control)) control.checked = values.includes(control.value)
    else if (control.localName === "select") fillSelect(control, values)
    else if (values.length) control.value = values[0]
  }
}

function fillSelect(select, values) {
  for (const option of select.options) option.selected = values.includes(option.value)
}

function serialise(form, value, isChecked, isSelected) {
  const pairs = []
  for (const control of controls(form)) {
    if (isChoice(control)) {
      if (isChecked(control)) pairs.push([control.name, control.value])
    } else if (control.localName === "select") {
      for (const option of selectedOptions(control, isSelected)) pairs.push([control.name, option.value])
    } else pairs.push([control.name, value(control).replace(/\r\n?/g, "\n")])
  }
  return JSON.stringify(pairs)
}

function controls(form) {
  return [...form.elements].filter(
    (control) => control.name && control.matches("input:not([type=hidden]), select, textarea"),
  )
}

function readableValues(control) {
  if (isChoice(control)) return control.checked ? [control.closest("label")?.textContent.trim() ?? control.value] : []
  if (control.localName === "select") return [...control.selectedOptions].map((option) => option.textContent.trim())
  return [control.value]
}

function isChoice(control) {
  return control.type === "checkbox" || control.type === "radio"
}

/** A single-choice list without a selected option shows its first enabled one. */
function selectedOptions(select, isSelected) {
  const selected = [...select.options].filter(isSelected)
  if (selected.length || select.multiple) return selected
  return [...select.options].filter((option) => !option.disabled).slice(0, 1)
}

function resetSelect(select) {
  const selected = selectedOptions(select, (option) => option.defaultSelected)
  for (const option of select.options) option.selected = selected.includes(option)
}
