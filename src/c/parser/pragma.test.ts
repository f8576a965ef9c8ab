import assert from "node:assert/strict"
import { test } from "node:test"
import { parseC } from "../../../tests/support/parseC.ts"
import { dumpAst } from "../index.ts"

/** One case: the lines of the unit's tree that match a word. */
function shows(text: string, word: RegExp, ...expected: string[]): void {
  test(`${text} ⇒ ${expected.join(" | ")}`, () => {
    const { unit, diagnostics } = parseC(text.replaceAll("; #", ";\n#").replaceAll(" % ", "\n"))
    assert.equal(diagnostics.list.length, 0, diagnostics.list[0]?.message)
    assert.ok(unit)
    const lines = dumpAst(unit)
      .replace(/ t\.c:\d+:\d+/g, "")
      .split("\n")
    assert.deepEqual(
      lines.filter(line => word.test(line)).map(line => line.trim()),
      expected,
    )
  })
}

const loop = (pragma: string) => `int f(int n) { % ${pragma} % for (;;) n++; while (n) n--; return n; }`
const word = /^ *(for|while)/
shows(loop("#pragma unroll"), word, "for unroll full", "while")
shows(loop("#pragma unroll 4"), word, "for unroll 4", "while")
shows(loop("#pragma unroll(4)"), word, "for unroll 4", "while")
shows(loop("#pragma unroll(N)").replace("int f", "#define N 3 % int f"), word, "for unroll 3", "while")
shows(loop("#pragma nounroll"), word, "for unroll 1", "while")
shows(loop("#pragma GCC unroll 8"), word, "for unroll 8", "while")
shows(loop("#pragma clang loop unroll(full)"), word, "for unroll full", "while")
shows(loop("#pragma clang loop unroll(disable)"), word, "for unroll 1", "while")
shows(loop("#pragma clang loop unroll_count(2)"), word, "for unroll 2", "while")
shows(loop('#pragma GCC diagnostic ignored "-Wall"'), word, "for", "while")
shows(loop('_Pragma("unroll")'), word, "for unroll full", "while")
shows(
  "int f(int n) { % #pragma unroll % do n--; while (n); % #pragma unroll 2 % while (n) n--; return n; }",
  /do|while/,
  "do unroll full",
  "while unroll 2",
)

const packed = (before: string, between = "", after = "") =>
  `${before} % struct a { char a; int b; }; % ${between} % struct b { char a; int b; }; % ${after} % struct c { char a; int b; };`
const sizes = (a: number, b: number, c: number) =>
  [a, b, c].map((size, i) => `struct ${"abc"[i]} size ${size} align ${size === 5 ? 1 : size === 6 ? 2 : 4}`)
shows(packed("#pragma pack(1)"), /^struct/, ...sizes(5, 5, 5))
shows(packed("#pragma pack(1)", "#pragma pack()"), /^struct/, ...sizes(5, 8, 8))
shows(packed("#pragma pack(push, 1)", "#pragma pack(pop)"), /^struct/, ...sizes(5, 8, 8))
shows(packed("#pragma pack(push, 2)", "#pragma pack(push, 1)", "#pragma pack(pop)"), /^struct/, ...sizes(6, 5, 6))
shows(packed("#pragma pack(push)", "#pragma pack(1)", "#pragma pack(pop)"), /^struct/, ...sizes(8, 5, 8))
shows(packed("#pragma pack(push, 16)"), /^struct/, ...sizes(8, 8, 8))

test("#pragma clang attribute gives an attribute to every record up to its pop", () => {
  const { unit } = parseC(`struct a { int x; };
#pragma clang attribute push (__attribute__((preserve_access_index)), apply_to = record)
struct b { int x; };
#pragma clang attribute pop
struct c { int x; };`)
  const records = unit?.decls.filter(decl => decl.kind === "recordDecl") ?? []
  assert.deepEqual(
    records.map(record => record.attrs.map(attr => attr.name)),
    [[], ["preserve_access_index"], []],
  )
})
