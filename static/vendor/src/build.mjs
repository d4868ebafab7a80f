// Makes every file of static/vendor and the manifest with its hashes. Run: npm ci && npm run build
import { createHash } from "node:crypto"
import { copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs"
import { dirname, join, relative, resolve } from "node:path"
import { fileURLToPath } from "node:url"
import { build } from "esbuild"
import { minify } from "terser"

const here = dirname(fileURLToPath(import.meta.url))
const vendor = resolve(here, "..")
const axe = resolve(vendor, "../../tests/vendor/axe.min.js")
const packages = join(here, "node_modules")

const SPDX = { "BSD-0-Clause": "0BSD" }
const copies = [{ name: "axe-core", from: "axe.min.js", to: axe }]

// What a page of ours never uses of Socket.IO: a third way to a server that offers two, and binary frames beside base64 in JSON.
const left = {
  "webtransport.js": "export class WT {}",
  "is-binary.js": "export const isBinary = () => false, hasBinary = () => false",
  "binary.js": "export const deconstructPacket = (packet) => ({ packet, buffers: [] }), reconstructPacket = (packet) => packet",
}
const leftOut = {
  name: "left-out",
  setup({ onResolve, onLoad }) {
    const files = /\/(webtransport|is-binary|binary)\.js$/
    // Others have files of these names too: Yjs counts in what lib0/binary.js says.
    onResolve({ filter: files }, ({ path, resolveDir }) => {
      if (!/\/(socket\.io-parser|engine\.io-client)\//.test(resolveDir)) return undefined
      return { path: path.match(files)[0].slice(1), namespace: "left-out" }
    })
    onLoad({ filter: /.*/, namespace: "left-out" }, ({ path }) => ({ contents: left[path] }))
  },
}
// Who splits a paragraph leaves two; the binding updates one of them, and makes the other anew. What somebody else is
// typing at that moment goes where the updated one is, so that should be the one that kept more of the words, and not
// always the upper one.
const kept = {
  name: "kept-words",
  setup({ onLoad }) {
    onLoad({ filter: /y-prosemirror\/src\/plugins\/sync-plugin\.js$/ }, ({ path }) => ({
      contents: replaced(readFileSync(path, "utf8"), /equalityLeft\.equalityFactor < equalityRight\.equalityFactor\n/, LONGER) + KEEPS,
    }))
  },
}
const LONGER = `equalityLeft.equalityFactor < equalityRight.equalityFactor || (
  equalityLeft.equalityFactor === equalityRight.equalityFactor && keeps(leftY, leftP) < keeps(rightY, rightP)
)
`
const KEEPS = `
const words = (y) => y instanceof Y.XmlText ? Y.Text.prototype.toString.call(y) : y.toArray().map(words).join("")
const keeps = (y, node) => {
  const [before, after] = [words(y), node.textContent]
  const most = Math.min(before.length, after.length)
  let start = 0
  let end = 0
  while (start < most && before[start] === after[start]) start++
  while (start + end < most && before[before.length - 1 - end] === after[after.length - 1 - end]) end++
  return start + end
}
`

function replaced(text, pattern, by) {
  if (!pattern.test(text)) throw new Error("the binding is not written as it was")
  return text.replace(pattern, by)
}

const bundles = [
  { entry: "page.mjs", file: "klimawerk-page.htmx-4.0.1.socket.io-4.8.4.js", name: "klimawerk-page", target: "es2022" },
  { entry: "editor.mjs", file: "klimawerk-editor.yjs-13.6.33.js", name: "klimawerk-editor", target: "es2021" },
]

// A DOM for node, for the sentences about browser modules (tests/page.mjs).
const dom = { entry: "dom.mjs", file: "../../tests/vendor/happy-dom.cjs", name: "happy-dom", target: "node22", format: "cjs", platform: "node" }

rmSync(join(vendor, "licences"), { recursive: true, force: true })
mkdirSync(join(vendor, "licences"), { recursive: true })
mkdirSync(dirname(axe), { recursive: true })
const files = copies.map(copied)
for (const bundle of [...bundles, dom]) files.push(await built(bundle))
writeFileSync(join(vendor, "MANIFEST.json"), JSON.stringify({ files }, null, 2) + "\n")

function copied({ name, from, to, with: others = [] }) {
  const text = readFileSync(join(packages, name, from), "utf8")
  // A source map that is not shipped would only be asked for in vain.
  writeFileSync(to, text.replace(/\n?\/\/# sourceMappingURL=\S+\s*$/, "\n"))
  return entry(to, name, described(name).version, [name, ...others])
}

async function built({ entry: source, file, name, target, format = "esm", platform = "browser" }) {
  const { metafile } = await build({
    entryPoints: [join(here, source)],
    outfile: join(vendor, file),
    bundle: true,
    minify: true,
    format,
    platform,
    target,
    legalComments: "none",
    metafile: true,
    alias: { entities: join(here, "entities.mjs") },
    plugins: [leftOut, kept],
  })
  const { code } = await minify(readFileSync(join(vendor, file), "utf8"), { module: format === "esm", ecma: 2021 })
  writeFileSync(join(vendor, file), code + "\n")
  return entry(join(vendor, file), name, "1", bundled(metafile))
}

function bundled(metafile) {
  const names = Object.keys(metafile.inputs).map((path) => path.match(/node_modules\/((?:@[^/]+\/)?[^/]+)/)?.[1])
  return [...new Set(names.filter(Boolean))].sort()
}

function entry(path, name, version, parts) {
  const sha256 = createHash("sha256").update(readFileSync(path)).digest("hex")
  return { file: relative(vendor, path), name, version, sha256, parts: parts.map(licensed) }
}

function licensed(name) {
  const { version, license } = described(name)
  const folder = join(packages, name)
  const found = readdirSync(folder).find((file) => /^licen[cs]e/i.test(file))
  if (!found) throw new Error(`${name} ships no licence text`)
  const licence_file = `licences/${name.replace("/", "-")}.txt`
  if (!existsSync(join(vendor, licence_file))) copyFileSync(join(folder, found), join(vendor, licence_file))
  return { name, version, licence: SPDX[license] ?? license, licence_file }
}

function described(name) {
  return JSON.parse(readFileSync(join(packages, name, "package.json"), "utf8"))
}
