// A table copied from Word or a web page brings its cells as HTML; a text area alone would take them as loose lines.

export function startTablePaste() {
  document.addEventListener("paste", (event) => {
    const area = event.target.closest?.("textarea[data-paste-table]")
    const html = area && event.clipboardData?.getData("text/html")
    const table = html && new DOMParser().parseFromString(html, "text/html").querySelector("table")
    if (!table) return
    event.preventDefault()
    area.setRangeText(tabSeparated(table), area.selectionStart, area.selectionEnd, "end")
    area.dispatchEvent(new Event("input", { bubbles: true }))
  })
}

function tabSeparated(table) {
  return [...table.rows].map((row) => [...row.cells].map(cellText).join("\t")).join("\n")
}

/** The cell's words, with empty places for the columns it spans; quoted as spreadsheets do where it has line breaks. */
function cellText(cell) {
  for (const line of cell.querySelectorAll("p, div, li")) line.append("\n")
  for (const line of cell.querySelectorAll("br")) line.replaceWith("\n")
  const lines = cell.textContent.split("\n").map((line) => line.replace(/\s+/g, " ").trim())
  const text = lines.filter((line, n) => line || lines[n - 1]).join("\n").trim()
  const quoted = /[\n"\t;]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
  return quoted + "\t".repeat(Math.max(0, Math.min(cell.colSpan, 30) - 1))
}
