// Loads the files of a page that are not needed at once, also on an unreliable connection.
//
// A browser may remember a failed import for as long as the page is open. So each file is fetched first: then it is
// imported from the browser's cache, and a failed fetch can be repeated.

import { showReload } from "./reload.js"

// Relative to this file; the build (static/vendor/src/assets.mjs) puts the version of a library into its address.
const EDITOR_LIBRARY = "../vendor/klimawerk-editor.yjs-13.6.33.js"
const GONE = 404
const TRIES = 10

const arrived = new Map()

/** The exports of later.js. */
export const loadLater = () => load("./later.js")

/** The exports of editor.js. */
export const loadEditor = () => load("./editor.js", "./later.js", EDITOR_LIBRARY)

/** The exports of seldom.js. */
export const loadSeldom = () => load("./seldom.js", "./later.js")

/** The exports of the first of `files`. All are requested at the same time. Rejects when one of them fails; an error
 *  with `outdated` means that the server has a newer build, which the page then says. */
async function load(...files) {
  await Promise.all(files.map(arrive))
  return import(files[0]).catch((error) => {
    files.forEach((file) => arrived.delete(file))
    throw error
  })
}

function arrive(file) {
  if (!arrived.has(file)) {
    const coming = fetchWhole(file)
    arrived.set(file, coming)
    coming.catch(() => arrived.delete(file))
  }
  return arrived.get(file)
}

/** A file that the server does not have belongs to an earlier build. */
async function fetchWhole(file) {
  const answer = await fetch(new URL(file, import.meta.url))
  const outdated = answer.status === GONE
  if (outdated) showReload()
  if (!answer.ok) throw Object.assign(new Error(file), { outdated })
  await answer.blob()
}

/** The exports of a file that the page preloads. Repeated on failure, which helps in browsers that do not remember it. */
export function importSurely(file, tries = 1) {
  return import(file).catch((error) => {
    if (tries === TRIES) throw error
    return new Promise((done) => setTimeout(done, 250 * 2 ** tries)).then(() => importSurely(file, tries + 1))
  })
}
