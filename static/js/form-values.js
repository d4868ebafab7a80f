// What a form holds now, and what it held when the server drew it. Both as text, for comparing.

export function current(form) {
  return written(form, (control) => control.value, (choice) => choice.checked, (option) => option.selected)
}

export function original(form) {
  return written(form, (control) => control.defaultValue, (c) => c.defaultChecked, (option) => option.defaultSelected)
}

/** What the form holds, as a person reads it. */
export function spoken(form) {
  return controls(form).flatMap(words).filter(Boolean).join(" ")
}

/** Bring every control to what the server drew, touching only those that differ. */
export function reset(form) {
  for (const control of controls(form)) {
    if (isChoice(control)) control.checked = control.defaultChecked
    else if (control.localName === "select") resetSelect(control)
    else if (control.value !== control.defaultValue) control.value = control.defaultValue
  }
}

/** Put the values of `body` (URLSearchParams) into the form's controls. */
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

function written(form, value, checked, selected) {
  const pairs = []
  for (const control of controls(form)) {
    if (isChoice(control)) {
      if (checked(control)) pairs.push([control.name, control.value])
    } else if (control.localName === "select") {
      for (const option of chosen(control, selected)) pairs.push([control.name, option.value])
    } else pairs.push([control.name, value(control).replace(/\r\n?/g, "\n")])
  }
  return JSON.stringify(pairs)
}

function controls(form) {
  return [...form.elements].filter(
    (control) => control.name && control.matches("input:not([type=hidden]), select, textarea"),
  )
}

function words(control) {
  if (isChoice(control)) return control.checked ? [control.closest("label")?.textContent.trim() ?? control.value] : []
  if (control.localName === "select") return [...control.selectedOptions].map((option) => option.textContent.trim())
  return [control.value]
}

function isChoice(control) {
  return control.type === "checkbox" || control.type === "radio"
}

/** A list without a marked option shows its first. */
function chosen(select, selected) {
  const marked = [...select.options].filter(selected)
  if (marked.length || select.multiple) return marked
  return [...select.options].filter((option) => !option.disabled).slice(0, 1)
}

function resetSelect(select) {
  const marked = chosen(select, (option) => option.defaultSelected)
  for (const option of select.options) option.selected = marked.includes(option)
}
