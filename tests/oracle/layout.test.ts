import assert from "node:assert/strict"
import { spawnSync } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { test } from "node:test"
import type { RecordDecl } from "../../src/c/index.ts"
import { parseC } from "../support/parseC.ts"
import { hasNativeCompiler } from "./native.ts"
import { Random } from "./random.ts"

/** First seed and number of records; another range can be tried by hand. */
const first = Number(process.env.SKEP_SEED ?? 1)
const count = Number(process.env.SKEP_COUNT ?? 400)

const TYPES: readonly (readonly [name: string, bits: number])[] = [
  ["char", 8],
  ["signed char", 8],
  ["unsigned short", 16],
  ["int", 32],
  ["unsigned", 32],
  ["long", 64],
  ["unsigned long long", 64],
  ["_Bool", 1],
  ["enum kind", 32],
]

/** A struct or union of integers, bit-fields, arrays, pointers and earlier records, with attributes and packing. */
function record(seed: number, known: readonly string[]): string {
  const r = new Random(seed)
  const attribute = (names: readonly string[]) => ` __attribute__((${r.pick(names)}))`
  const aligned = ["aligned(2)", "aligned(4)", "aligned(8)", "aligned(16)", "aligned"]
  let text = ""
  for (let n = 1 + r.below(7), m = 0; n > 0; n--, m++) {
    const [type, bits] = r.pick(TYPES)
    const extra = r.chance(8) ? attribute(["packed", "packed", ...aligned]) : ""
    switch (r.below(10)) {
      case 0:
      case 1:
      case 2:
      case 3:
        text += `${type} m${m} : ${1 + r.below(bits)}${extra}; `
        break
      case 4:
        text += `${type} : ${r.chance(50) ? 0 : 1 + r.below(bits)}; `
        break
      case 5:
        text += `${type} m${m}[${1 + r.below(3)}]${extra}; `
        break
      case 6:
        text += known.length > 0 && r.chance(60) ? `${r.pick(known)} m${m}${extra}; ` : `void *m${m}${extra}; `
        break
      default:
        text += `${type} m${m}${extra}; `
    }
  }
  const before = r.chance(15) ? attribute(["packed", "packed", ...aligned]) : ""
  // Of two alignments gcc takes the later one, clang the larger one.
  const after = r.chance(10) ? attribute(before.includes("aligned") ? ["packed"] : ["packed", ...aligned]) : ""
  const body = `${r.chance(85) ? "struct" : "union"}${before} R${seed} { int first; ${text}}${after};`
  return r.chance(12) ? `#pragma pack(push, ${r.pick([1, 2, 4, 8])})\n${body}\n#pragma pack(pop)` : body
}

const texts: string[] = []
const known: string[] = []
for (let seed = first; seed < first + count; seed++) {
  texts.push(record(seed, known.slice(-5)))
  known.push(`${/\bunion\b/.test(texts[texts.length - 1].split("{")[0]) ? "union" : "struct"} R${seed}`)
}
const source = `enum kind { A, B };\n${texts.join("\n")}\n`

/** Size, alignment, and the first and last bit of each member. */
type Layout = readonly (readonly [name: string, from: number, to: number])[]

function ours(decl: RecordDecl): Layout {
  const fields = decl.fields.filter(f => f.name !== undefined)
  const sized = fields.map(({ name, offset, bitOffset = 0, bitWidth }) => {
    const from = offset * 8 + bitOffset
    return [name!, from, bitWidth === undefined ? from : from + bitWidth - 1] as const
  })
  return [["size", decl.size, decl.align], ...sized]
}

/** What the native compiler says: the bits of a bit-field are those that are set when all are. */
function natively(records: readonly RecordDecl[]): Layout[] {
  const folder = mkdtempSync(join(tmpdir(), "skep-layout-"))
  try {
    let main = ""
    for (const decl of records) {
      const type = `${decl.isUnion ? "union" : "struct"} ${decl.tag}`
      main += `{ static ${type} x; printf("\\nsize %d %d", (int) sizeof(x), (int) _Alignof(${type}));\n`
      for (const { name, bitWidth } of decl.fields) {
        if (name === undefined) continue
        if (bitWidth === undefined) main += `printf(" ${name} %d %d", 8 * (int) offsetof(${type}, ${name}), -1);\n`
        else main += `memset(&x, 0, sizeof(x)); x.${name} = -1; bits("${name}", (void *) &x, sizeof(x));\n`
      }
      main += "}\n"
    }
    const helper = `static void bits(const char *name, const unsigned char *p, int n) { int a = -1, b = -1;
for (int i = 0; i < n * 8; i++) if (p[i / 8] >> i % 8 & 1) { if (a < 0) a = i; b = i; } printf(" %s %d %d", name, a, b); }`
    const text = `#include <stdio.h>\n#include <string.h>\n#include <stddef.h>\n${source}${helper}\nint main(void) { ${main} return 0; }\n`
    writeFileSync(join(folder, "layout.c"), text)
    const compiled = spawnSync("gcc", ["-w", "-O0", "-o", "layout", "layout.c"], {
      cwd: folder,
      encoding: "utf8",
    })
    assert.equal(compiled.status, 0, compiled.stderr)
    const { stdout } = spawnSync(join(folder, "layout"), [], { encoding: "utf8", maxBuffer: 1 << 26 })
    return stdout
      .trim()
      .split("\n")
      .map(line => {
        const words = line.split(" ")
        return Array.from({ length: words.length / 3 }, (_, i) => {
          const [name, from, to] = words.slice(i * 3, i * 3 + 3)
          return [name, Number(from), to === "-1" ? Number(from) : Number(to)] as const
        })
      })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const skip = hasNativeCompiler() ? false : "no native C compiler (gcc)"
test(`random records ${first} to ${first + count - 1} are laid out as gcc lays them out`, { skip }, () => {
  const { unit, diagnostics } = parseC(source)
  assert.deepEqual(
    diagnostics.list.filter(d => d.severity === "error").map(d => d.message),
    [],
  )
  const records = unit!.decls.filter((d): d is RecordDecl & { kind: "recordDecl" } => d.kind === "recordDecl")
  assert.equal(records.length, count)
  const expected = natively(records)
  const text = (layout: Layout) => layout.map(field => field.join(":")).join(" ")
  const wrong = records.flatMap((decl, i) => {
    const [a, b] = [text(ours(decl)), text(expected[i])]
    return a === b ? [] : [`${texts[i]}\n  skep ${a}\n  gcc  ${b}`]
  })
  assert.equal(wrong.join("\n"), "")
})
