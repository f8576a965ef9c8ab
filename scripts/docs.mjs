// Writes docs/reference from the docstrings of what skep exports.
//   node scripts/docs.mjs            writes the pages
//   node scripts/docs.mjs --check    says which pages are not as they would be written, and what has no docstring
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { readApi } from "./reference/model.mjs"
import { renderPages } from "./reference/render.mjs"

const FOLDER = "docs/reference"

const entries = readApi()
const pages = renderPages(entries)
const old = existsSync(FOLDER) ? readdirSync(FOLDER).map(name => `${FOLDER}/${name}`) : []

/** Exports and members without a docstring; what tells kinds of objects apart needs none. */
const silent = entries.flatMap(({ name, file, doc, members }) => [
  ...(doc === undefined ? [`${file}: ${name}`] : []),
  ...members.filter(one => one.doc === undefined && one.name !== "kind").map(one => `${file}: ${name}.${one.name}`),
])

if (process.argv.includes("--check")) {
  const read = path => (existsSync(path) ? readFileSync(path, "utf8") : undefined)
  const stale = [...pages].filter(([path, text]) => read(path) !== text).map(([path]) => path)
  const extra = old.filter(path => !pages.has(path))
  for (const path of [...stale, ...extra]) console.log(`${path} is not what the docstrings say: npm run docs`)
  for (const what of silent) console.log(`${what} has no docstring`)
  process.exitCode = stale.length + extra.length + silent.length > 0 ? 1 : 0
} else {
  mkdirSync(FOLDER, { recursive: true })
  for (const path of old) if (!pages.has(path)) rmSync(path)
  for (const [path, text] of pages) writeFileSync(path, text)
  console.log(`${FOLDER}: ${entries.length} names on ${pages.size} pages`)
  for (const what of silent) console.log(`${what} has no docstring`)
}
