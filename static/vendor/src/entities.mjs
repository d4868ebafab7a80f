// What happy-dom needs of `entities`: the tests' HTML writes few characters by name, and the table of all of them comes
// under a licence that nothing else here has. Another name is an error.

const NAMED = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'", nbsp: "\u00a0" }

export function decodeHTML(text) {
  return text.replace(/&(?:#x([\da-f]+)|#(\d+)|(\w+));/gi, (all, hex, decimal, name) => {
    if (!name) return String.fromCodePoint(hex ? parseInt(hex, 16) : Number(decimal))
    if (!Object.hasOwn(NAMED, name)) throw new Error(`${all} is not known here`)
    return NAMED[name]
  })
}

export { decodeHTML as decodeHTMLAttribute, decodeHTML as decodeXML }

export function escapeText(text) {
  return text.replace(/[&<>\u00a0]/g, (one) => `&${Object.keys(NAMED).find((name) => NAMED[name] === one)};`)
}
