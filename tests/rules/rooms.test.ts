import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { posix } from "node:path"
import { test } from "node:test"
import { build } from "esbuild"
import { projectFiles } from "./files.ts"
import { rooms } from "./rooms.ts"

const sources = projectFiles().filter(path => /^src\/.*\.ts$/.test(path) && !path.endsWith(".d.ts"))
const isTest = (path: string) => path.endsWith(".test.ts")

/** "c" for src/c/preprocessor/macro.ts; undefined for src/index.ts, which may import every room. */
function roomOf(path: string): string | undefined {
  return /^src\/([^/]+)\//.exec(path)?.[1]
}

type Import = { from: string; to: string }

/** Every import of the sources, of types too; paths from the top folder, packages by name. */
const imports: Import[] = sources.flatMap(from => {
  const found = readFileSync(from, "utf8").matchAll(
    /^\s*(?:import|export|\})[^"]*\bfrom "([^"]+)"|^import "([^"]+)"|\bimport\("([^"]+)"/gm,
  )
  return [...found].map(match => {
    const to = match[1] ?? match[2] ?? match[3]!
    return { from, to: to.startsWith(".") ? posix.join(posix.dirname(from), to) : to }
  })
})
const local = imports.filter(({ to }) => to.startsWith("src/"))
const list = (found: Import[]) => found.map(({ from, to }) => `${from} imports ${to}\n`).join("")

test("the table has every room, each after those it may import", () => {
  const before = new Set(["*"])
  for (const [name, room] of Object.entries(rooms)) {
    for (const other of room.may) assert.ok(before.has(other), `${name} may import ${other}, which comes later`)
    before.add(name)
  }
  const unknown = [...new Set(sources.map(roomOf))].filter(name => name !== undefined && !(name in rooms))
  assert.deepEqual(unknown, [], "rooms that tests/rules/rooms.ts does not have")
})

test("a room imports only rooms that the table allows", () => {
  const wrong = local.filter(({ from, to }) => {
    const [mine, other] = [roomOf(from), roomOf(to)]
    if (isTest(from) || mine === undefined || mine === other) return false
    const may = rooms[mine]?.may ?? []
    return other === undefined || !(may.includes("*") || may.includes(other))
  })
  assert.equal(list(wrong), "")
})

test("rooms know each other only by their index.ts", () => {
  const wrong = local.filter(({ from, to }) => roomOf(from) !== roomOf(to) && !/^src\/([^/]+\/)?index\.ts$/.test(to))
  assert.equal(list(wrong), "")
})

test("packages are imported only where the table allows", () => {
  const wrong = imports.filter(({ from, to }) => {
    if (/^(src|tests)\/|^node:/.test(to) || isTest(from)) return false
    if (roomOf(from) === "cli" && /^examples\/\w+\.c$/.test(to)) return false
    return !rooms[roomOf(from) ?? ""]?.packages?.includes(to)
  })
  assert.equal(list(wrong), "")
})

test("source files import no test and no test support", () => {
  const wrong = imports.filter(({ from, to }) => !isTest(from) && (isTest(to) || to.startsWith("tests/")))
  assert.equal(list(wrong), "")
})

const present = new Set(sources.map(roomOf))
for (const [name, room] of Object.entries(rooms)) {
  if (!room.browser || !present.has(name)) continue
  test(`${name} bundles for a browser`, async () => {
    await build({
      entryPoints: [`src/${name}/index.ts`],
      bundle: true,
      write: false,
      format: "esm",
      platform: "browser",
      loader: { ".h": "text", ".c": "text" },
      logLevel: "silent",
    })
  })
}
