// Converts Word's lists, which are paragraphs with a bullet or number in front, to lists.

const NUMBERED = /^\s*\(?(\d+|[a-z]|[ivx]+)[.)]/i

/** Replace each run of list paragraphs in `body` by a list. */
export function turnWordLists(body) {
  const paragraphs = [...body.querySelectorAll("p, h1, h2, h3, h4, h5, h6")]
  let run = []
  for (const paragraph of paragraphs) {
    const level = levelOf(paragraph)
    const follows = run.length && run.at(-1).paragraph.nextElementSibling === paragraph
    if (run.length && !(level && follows)) run = convertRun(run)
    if (level) run.push({ paragraph, level, sign: removeSign(paragraph) })
  }
  convertRun(run)
}

function levelOf(paragraph) {
  const match = /mso-list:\s*[^\s:;]+\s+level(\d)/i.exec(paragraph.dataset.style ?? "")
  return match ? Number(match[1]) : 0
}

/** Remove the bullet or number that Word put in front; returns it. */
function removeSign(paragraph) {
  const sign = [...paragraph.querySelectorAll("[data-style]")].find((element) =>
    /mso-list:\s*ignore/i.test(element.dataset.style),
  )
  const text = sign?.textContent ?? ""
  sign?.remove()
  return text
}

function convertRun(run) {
  if (!run.length) return run
  const marker = run[0].paragraph.ownerDocument.createElement("div")
  run[0].paragraph.before(marker)
  marker.replaceWith(nested(run))
  return []
}

/** The list of the entries' lowest level; deeper ones are nested in the item before them. */
function nested(entries) {
  const base = Math.min(...entries.map(({ level }) => level))
  const first = entries.find(({ level }) => level === base)
  const number = NUMBERED.exec(first.sign)?.[1]
  const list = first.paragraph.ownerDocument.createElement(number ? "ol" : "ul")
  if (number > 1) list.setAttribute("start", number)
  let deeper = []
  for (const entry of entries) {
    if (entry.level > base) deeper.push(entry)
    else {
      deeper = appendNested(list, deeper)
      list.append(createItem(entry.paragraph))
    }
  }
  appendNested(list, deeper)
  return list
}

function appendNested(list, entries) {
  if (!entries.length) return entries
  const parent = list.lastElementChild ?? list.appendChild(list.ownerDocument.createElement("li"))
  parent.append(nested(entries))
  return []
}

function createItem(paragraph) {
  const element = paragraph.ownerDocument.createElement("li")
  const text = paragraph.ownerDocument.createElement("p")
  text.append(...paragraph.childNodes)
  element.append(text)
  paragraph.remove()
  return element
}
