// Makes every file of static/vendor and the manifest with its hashes. Run: npm ci && npm run build
import { createHash } from "node:crypto"
import { copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs"
import { dirname, join, relative, resolve } from "node:path"
import { fileURLToPath } from "node:url"
import { build } from "esbuild"

const here = dirname(fileURLToPath(import.meta.url))
const vendor = resolve(here, "..")
const axe = resolve(vendor, "../../tests/vendor/axe.min.js")
const packages = join(here, "node_modules")

const SPDX = { "BSD-0-Clause": "0BSD" }
const copies = [
  { name: "htmx.org", from: "dist/htmx.esm.min.js", to: join(vendor, "htmx-4.0.1.js") },
  {
    name: "socket.io-client",
    from: "dist/socket.io.esm.min.js",
    to: join(vendor, "socket.io-client-4.8.4.js"),
    with: ["@socket.io/component-emitter", "engine.io-client", "engine.io-parser", "socket.io-parser"],
  },
  { name: "axe-core", from: "axe.min.js", to: axe },
]

const bundle = join(vendor, "klimawerk-editor.yjs-13.6.33.js")
const result = await build({
  entryPoints: [join(here, "entry.mjs")],
  outfile: bundle,
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2021",
  legalComments: "none",
  metafile: true,
})

rmSync(join(vendor, "licences"), { recursive: true, force: true })
mkdirSync(join(vendor, "licences"), { recursive: true })
mkdirSync(dirname(axe), { recursive: true })
const files = copies.map(copied)
files.push(entry(bundle, "klimawerk-editor", "1", bundled(result.metafile)))
writeFileSync(join(vendor, "MANIFEST.json"), JSON.stringify({ files }, null, 2) + "\n")

function copied({ name, from, to, with: others = [] }) {
  const text = readFileSync(join(packages, name, from), "utf8")
  // A source map that is not shipped would only be asked for in vain.
  writeFileSync(to, text.replace(/\n?\/\/# sourceMappingURL=\S+\s*$/, "\n"))
  return entry(to, name, described(name).version, [name, ...others])
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
