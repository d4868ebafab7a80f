// node --expose-internals in_scripts.mjs find FILE...: every regular expression in the files, found by node's own parser.
// node in_scripts.mjs run < JSON: growth of each expression on its hostile texts, by processor time.
import { createRequire } from "node:module"
import { readFileSync } from "node:fs"

const [LENGTH, FLOOR, RATIO] = [8_000, 1_000, 8] // characters, microseconds, from one length to the fourfold one
const LIMIT = 250_000 // microseconds that no linear expression takes
const TEXT_AS_EXPRESSION = new Set(["match", "matchAll", "search"]) // they build an expression from a text

if (process.argv[2] === "find") console.log(JSON.stringify(process.argv.slice(3).flatMap(found)))
else run(JSON.parse(readFileSync(0, "utf8")))

function found(file) {
  const require = createRequire(import.meta.url)
  const { parse } = require("internal/deps/acorn/acorn/dist/acorn")
  const { full } = require("internal/deps/acorn/acorn-walk/dist/walk")
  const [all, made] = [[], new Set()]
  const add = ({ loc }, source, flags) => all.push({ place: `${file}:${loc.start.line}`, source, flags })
  const whole = parse(readFileSync(file, "utf8"), { ecmaVersion: "latest", sourceType: "module", locations: true })
  full(whole, (node) => {
    const { type, callee, arguments: given } = node
    if (node.regex) add(node, node.regex.pattern, node.regex.flags)
    if ((type === "NewExpression" || type === "CallExpression") && callee.name === "RegExp") {
      made.add(callee)
      if (given.every(({ type, value }) => type === "Literal" && typeof value === "string")) {
        add(node, given[0].value, given[1]?.value ?? "")
      } else if (!given[0]?.regex) add(node, null, "")
    } else if (type === "CallExpression" && TEXT_AS_EXPRESSION.has(callee.property?.name)) {
      if (["Literal", "TemplateLiteral", "BinaryExpression"].includes(given[0]?.type) && !given[0].regex) add(node, null, "")
    }
  })
  full(whole, (node) => {
    if (node.type === "Identifier" && node.name === "RegExp" && !made.has(node)) add(node, null, "") // used under another name
  })
  return all
}

function run(patterns) {
  for (const { place, source, flags, shapes } of patterns) {
    console.log(JSON.stringify({ place })) // names the expression that did not end
    const expression = new RegExp(source, flags.replace(/[gy]/g, "") + "g")
    for (const shape of shapes) {
      const times = growth(expression, shape)
      if (times) {
        console.log(JSON.stringify({ place, shape, times }))
        break
      }
    }
  }
  console.log(JSON.stringify({ end: true }))
}

function growth(expression, shape) {
  const first = least(expression, text(shape, LENGTH), 1)
  if (first < FLOOR) return null
  if (first > LIMIT) return [first]
  const times = [Math.min(first, least(expression, text(shape, LENGTH), 4)), least(expression, text(shape, 4 * LENGTH), 3)]
  if (times[1] < RATIO * times[0] || times[1] < 4 * FLOOR) return null
  if (times[1] > LIMIT) return times
  times.push(least(expression, text(shape, 16 * LENGTH), 1))
  return times[2] < RATIO * times[1] ? null : times
}

function text([prefix, pump, suffix], length) {
  return prefix + pump.repeat(Math.max(Math.floor(length / pump.length), 1)) + suffix
}

function least(expression, text, tries) {
  let best = Infinity
  for (let i = 0; i < tries && (i === 0 || best < LIMIT); i++) {
    const began = process.cpuUsage()
    text.replace(expression, "")
    const { user, system } = process.cpuUsage(began)
    best = Math.min(best, user + system)
  }
  return best
}
