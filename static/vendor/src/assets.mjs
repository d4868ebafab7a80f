// Builds the browser modules and style sheets of Klimawerk: static/built with its manifest. Run: make assets
//
// A module is bundled into the first file of PAGE that needs it, and nowhere else; the other files import it from there.
// esbuild's own splitting would move what two files share into further files, each one more request of a first visit.

import { createHash } from "node:crypto"
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs"
import { dirname, join, posix, relative, resolve } from "node:path"
import { fileURLToPath } from "node:url"
import { build } from "esbuild"
import { minify } from "terser"

const root = resolve(dirname(fileURLToPath(import.meta.url)), "../..")
const output = join(root, "built")

/** The entries that share modules, and the earlier ones that each may import from. They have one version. */
const PAGE = {
  "js/main.js": [],
  "js/later.js": ["js/main.js"],
  "js/editor.js": ["js/main.js", "js/later.js"],
  "js/seldom.js": ["js/main.js", "js/later.js"],
}
const SINGLE_SCRIPTS = ["js/retry-load.js", "js/compare.js"]
const STYLES = ["css/page.css", "css/main.css", "css/comments.css", "css/start.css", "css/versions.css", "css/order.css", "css/lists.css", "css/edition.css", "css/writing.css", "css/overview.css"]
const LIBRARIES = readdirSync(join(root, "vendor")).filter((name) => name.endsWith(".js")).sort().map((name) => `vendor/${name}`)
const UNCHANGED = [...LIBRARIES, "img/icon.svg"]
/** What a page requests together with an entry. */
const PRELOADED = { "js/main.js": LIBRARIES.filter((path) => path.includes("klimawerk-page")) }

/** The manifest: served files by path, and the sources of the build. */
const files = {}
const sources = new Set([...UNCHANGED, "vendor/src/assets.mjs", "vendor/src/package-lock.json"])

for (const path of UNCHANGED) files[path] = { file: path, ...described(read(path)) }
const page = await pageFiles()
rmSync(output, { recursive: true, force: true })
const pageVersion = versionOf([...page.values()].join(""))
for (const [path, code] of page) put(path, code, pageVersion)
for (const path of SINGLE_SCRIPTS) put(path, await shortened((await bundle({ entryPoints: [path] })).text))
for (const path of STYLES) put(path, (await bundle({ entryPoints: [path] })).text)
const hashes = Object.fromEntries([...sources].sort().map((path) => [path, digest(read(path))]))
writeFileSync(join(output, "manifest.json"), JSON.stringify({ files, preloaded: PRELOADED, sources: hashes }, null, 1) + "\n")

function put(path, code, version) {
  mkdirSync(dirname(join(output, path)), { recursive: true })
  writeFileSync(join(output, path), code)
  files[path] = { file: `built/${path}`, ...described(code, version) }
}

function described(content, version = versionOf(content)) {
  return { version, sha256: digest(content), size: Buffer.byteLength(content) }
}

/** The code of each file of PAGE, by its path. */
async function pageFiles() {
  const { owners, exported } = await modules()
  const taken = new Map()
  for (const path of Object.keys(PAGE)) taken.set(path, await takenBy(path, owners, exported))
  const all = [...new Set([...taken.values()].flat())].sort()
  const names = all.map((one, index) => ({ module: one.split(":")[0], name: one.split(":")[1], short: shortName(index) }))

  const code = new Map()
  for (const path of Object.keys(PAGE)) {
    const given = names.filter(({ module }) => owners.get(module) === path)
    const imported = names.filter(({ module, name }) => taken.get(path).includes(`${module}:${name}`))
    const contents = [
      `export * from "./${path}"`,
      ...given.map(({ module, name, short }) => `export { ${name} as ${short} } from "./${module}"`),
    ]
    const { text } = await bundle({
      stdin: { contents: contents.join("\n"), resolveDir: root },
      plugins: [fromOtherFiles(path, owners, imported)],
    })
    code.set(path, await shortened(text))
  }
  return code
}

/** `owners`: the file of PAGE that each module is bundled into; `exported`: the names that each module exports. */
async function modules() {
  const { inputs } = (await esbuild({ entryPoints: Object.keys(PAGE) })).metafile
  const owners = new Map()
  const visit = (module, path) => {
    const owner = owners.get(module) ?? path
    if (owner !== path && !PAGE[path].includes(owner)) throw new Error(`${path} needs ${module}, which is in ${owner}`)
    if (owners.has(module)) return
    owners.set(module, path)
    for (const { path: needed, kind, external } of inputs[module].imports) {
      if (kind === "dynamic-import") throw new Error(`${module} imports ${needed} by import(): add it to an entry, and use load.js`)
      if (!external) visit(needed, path)
    }
  }
  for (const path of Object.keys(PAGE)) visit(path, path)
  const { outputs } = (await esbuild({ entryPoints: [...owners.keys()] })).metafile
  return { owners, exported: new Map(Object.values(outputs).map(({ entryPoint, exports }) => [entryPoint, exports])) }
}

/** What the file uses of modules in other files, as "module:name": the imports that esbuild does not drop as unused. */
async function takenBy(path, owners, exported) {
  const probe = {
    name: "probe",
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^taken:/ }, ({ path }) => ({ path, external: true, sideEffects: false }))
      onLoad({ filter: /./, namespace: "other file" }, ({ path: module }) => ({
        contents: exported.get(module).map((name) => `export { ${name} } from "taken:${module}:${name}"`).join("\n"),
      }))
    },
  }
  const { imports } = await bundle({ entryPoints: [path], plugins: [otherFiles(path, owners), probe] })
  return imports.filter(({ path }) => path.startsWith("taken:")).map(({ path }) => path.replace("taken:", ""))
}

/** Modules in other files than `path` are in the namespace "other file". */
function otherFiles(path, owners) {
  return {
    name: "other files",
    setup({ onResolve }) {
      onResolve({ filter: /^\.\.?\// }, ({ path: asked, resolveDir, namespace }) => {
        const module = relative(root, resolve(resolveDir, asked))
        if (namespace !== "file" || !owners.has(module) || owners.get(module) === path) return undefined
        return { path: module, namespace: "other file", sideEffects: false }
      })
    },
  }
}

/** Modules in other files export what those files give under short names; one import statement for each file. */
function fromOtherFiles(path, owners, imported) {
  return {
    name: "from other files",
    setup(building) {
      otherFiles(path, owners).setup(building)
      building.onLoad({ filter: /./, namespace: "other file" }, ({ path: module }) => ({
        contents: imported
          .filter((one) => one.module === module)
          .map(({ name, short }) => `export { ${short} as ${name} } from "all of:${owners.get(module)}"`)
          .join("\n"),
      }))
      building.onResolve({ filter: /^all of:/ }, (asked) => ({
        path: asked.path.replace("all of:", ""),
        namespace: "all of",
        sideEffects: false,
      }))
      building.onLoad({ filter: /./, namespace: "all of" }, ({ path: owner }) => {
        const names = imported.filter(({ module }) => owners.get(module) === owner).map(({ short }) => short)
        return { contents: `export { ${names.join(", ")} } from "./${posix.relative(dirname(path), owner)}"` }
      })
      building.onResolve({ filter: /./, namespace: "all of" }, ({ path }) => ({ path, external: true }))
    },
  }
}

/** The text of a bundle, and its imports from elsewhere. */
async function bundle(options) {
  const { outputFiles, metafile } = await esbuild(options)
  if (outputFiles.length !== 1) throw new Error(`one file was expected: ${outputFiles.map(({ path }) => path)}`)
  for (const path of Object.keys(metafile.inputs)) if (!/[<:]/.test(path)) sources.add(path)
  return { text: outputFiles[0].text, imports: Object.values(metafile.outputs)[0].imports }
}

function esbuild({ plugins = [], ...options }) {
  return build({
    bundle: true,
    minify: true,
    format: "esm",
    target: "esnext",
    legalComments: "none",
    metafile: true,
    write: false,
    absWorkingDir: root,
    outbase: root,
    outdir: output,
    plugins: [libraries(), ...plugins],
    ...options,
  })
}

/** Libraries are not bundled. Their addresses hold their versions, also where load.js and libraries.js name them. */
function libraries() {
  return {
    name: "libraries",
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /\/vendor\// }, ({ path }) => ({ path: libraryAddress(path), external: true }))
      onLoad({ filter: /\/js\/(load|libraries)\.js$/ }, ({ path }) => ({
        contents: readFileSync(path, "utf8").replace(/(?<=")\.\.\/vendor\/[^"]+(?=")/g, libraryAddress),
      }))
    },
  }
}

function libraryAddress(path) {
  const library = path.slice(path.indexOf("vendor/"))
  return `../../v-${files[library].version}/${library}`
}

/** esbuild's output a little shorter still: terser joins more statements. */
async function shortened(text) {
  const { code } = await minify(text, { module: true, ecma: 2022, compress: { passes: 2 } })
  return code + "\n"
}

/** a, b, ... z, aa, ab, ... */
function shortName(index) {
  const letter = String.fromCharCode("a".charCodeAt(0) + (index % 26))
  return index < 26 ? letter : shortName(Math.floor(index / 26) - 1) + letter
}

function read(path) {
  return readFileSync(join(root, path))
}

function versionOf(content) {
  return digest(content).slice(0, 12)
}

function digest(content) {
  return createHash("sha256").update(content).digest("hex")
}
