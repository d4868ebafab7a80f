// HTML of a sheet as the server draws it, for tests of browser modules: fields and rows for reading, and their forms.

/** A field for reading. @param more what stands below its value */
export const field = (id, rev, value, { more = "", label = id, pen = `<a class="pen" href="/items/7/fields/${id}">Edit</a>` } = {}) =>
  `<kw-field id="f-${id}" data-rev="${rev}"><p class="label">${label}</p><p class="value">${value}</p>${pen}${more}</kw-field>`

/** The form of a field or cell. @param more further controls, or a reason @param id of the field or cell */
export const form = (id, rev, value, more = "") =>
  `<form class="field-form" id="${id}-form" data-rev="${rev}" action="/items/7/${id}"><span class="label">${id}</span>
    <input name="value" value="${value}">${more}<button class="save">Save</button></form>`

/** A row for reading. @param cells {name: value} */
export const row = (id, rev, cells, pen = `<a class="pen" href="/rows/${id}">Edit</a>`) =>
  `<tr id="row-${id}" data-row="${id}" data-rev="${rev}">${Object.values(cells).map((value) => `<td>${value}</td>`).join("")}
    <td class="act">${pen}</td></tr>`

/** The form of a row. */
export const rowForm = (id, rev, cells) =>
  `<div class="row-form" id="row-${id}-form" data-row-form="${id}" data-rev="${rev}">
    ${Object.entries(cells).map(([name, value]) => `<kw-field id="c-${id}-${name}" data-rev="${rev}">${form(`c-${id}-${name}`, rev, value)}</kw-field>`).join("")}
    <div class="row-tools"><form action="/rows/${id}/move" data-quiet><button class="row-up" name="step" value="up" aria-label="Up">↑</button>
    <button class="row-delete" formaction="/rows/${id}/delete">Delete <b>row</b></button></form>
    <button type="button" class="row-done">Done</button></div></div>`

/** Forms as they come with an answer. */
export const forms = (...all) => `<div id="forms-7" class="sheet-forms">${all.join("")}</div>`
