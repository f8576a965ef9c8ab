import assert from "node:assert/strict"
import { test } from "node:test"
import { lowerC, unitOf } from "../../../tests/support/lowerC.ts"
import type { MapDecl } from "../../bcc/index.ts"
import { Btf } from "../../btf/index.ts"
import type { VarDecl } from "../../c/index.ts"
import { lower } from "./lower.ts"

/** The BTF of `value`, a variable of a type, as C. */
function describes(text: string, expected: string): void {
  test(`BTF of ${text}`, () => {
    const unit = unitOf(text)
    const decl = unit.unit.decls.find((d): d is VarDecl => d.kind === "var" && d.name === "value")!
    const map: MapDecl = {
      name: "m",
      type: "array",
      key: undefined,
      value: decl.type,
      keySize: 4,
      valueSize: 8,
      maxEntries: 1,
      flags: 0,
      decl,
      span: decl.span,
    }
    const module = lower({ ...unit, maps: [map] })
    assert.equal(describe(Btf.parse(module.btf.encode()), module.maps[0].valueType), expected)
  })
}

/** A type and what it leads to, in short. */
function describe(btf: Btf, id: number, depth = 0): string {
  const t = btf.type(id)
  if (depth > 6) return "…"
  const inner = (to: number) => describe(btf, to, depth + 1)
  switch (t.kind) {
    case "void":
      return "void"
    case "int":
      return `${t.name}:${t.size * 8}${t.signed ? "s" : t.bool ? "b" : "u"}`
    case "ptr":
      return `*${inner(t.type)}`
    case "const":
    case "volatile":
    case "restrict":
      return `${t.kind} ${inner(t.type)}`
    case "typedef":
      return `${t.name}=${inner(t.type)}`
    case "array":
      return `[${t.count}]${inner(t.type)}`
    case "struct":
    case "union":
      if (depth > 3) return `${t.kind} ${t.name}`
      return `${t.kind} ${t.name}(${t.size}){${t.members.map(m => `${m.name}@${m.bitOffset}${m.bitSize ? `/${m.bitSize}` : ""} ${inner(m.type)}`).join("; ")}}`
    case "enum":
    case "enum64":
      return `${t.kind} ${t.name}{${t.values.map(v => `${v.name}=${v.value}`).join(",")}}`
    case "fwd":
      return `fwd ${t.name}`
    case "func_proto":
      return `(${t.params.map(p => `${p.name} ${inner(p.type)}`).join(", ")}) ${inner(t.type)}`
    default:
      return t.kind
  }
}

describes("unsigned char value;", "unsigned char:8u")
describes("_Bool value;", "_Bool:8b")
describes("__int128 value;", "__int128:128s")
describes("typedef unsigned long u64; u64 value;", "u64=unsigned long:64u")
describes("const volatile int value;", "const volatile int:32s")
describes("const int *value;", "*const int:32s")
describes("void **value;", "**void")
describes("int value[3][2];", "[3][2]int:32s")
describes("enum e { A = -1, B } value;", "enum e{A=-1,B=0}")
describes("enum e { A = 0x100000000 } value;", "enum64 e{A=4294967296}")
describes("struct s { char c; long l; } value;", "struct s(16){c@0 char:8s; l@64 long:64s}")
describes("struct { int a : 3, b : 30; } value;", "struct (8){a@0/3 int:32s; b@32/30 int:32s}")
describes(
  "struct { int k; union { int i; char c; }; } value;",
  "struct (8){k@0 int:32s; @32 union (4){i@0 int:32s; c@0 char:8s}}",
)
describes("struct n { struct n *next; } value;", "struct n(8){next@0 *struct n(8){next@0 *struct n}}")
describes("struct unknown *value;", "*fwd unknown")
describes("int (*value)(char, void *);", "*( char:8s,  *void) int:32s")
describes("struct { int n; char d[]; } value;", "struct (4){n@0 int:32s; d@32 [0]char:8s}")

test("programs and callbacks have their functions, sections their variables", () => {
  const module = lowerC(
    'struct pt_regs;\nint n = 5; static int z;\nint f(struct pt_regs *ctx) { z += n; return "ab"[z & 1]; }\n',
  )
  const btf = Btf.parse(module.btf.encode())
  const func = btf.type(module.functions[0].btfId)
  assert.equal(
    func.kind === "func" && `${func.name} ${func.linkage} ${describe(btf, func.type)}`,
    "f static (ctx *fwd pt_regs) int:32s",
  )
  const sections = module.maps.map(m => {
    const t = btf.type(m.valueType)
    return (
      t.kind === "datasec" &&
      `${m.name}=${t.name}(${t.size}){${t.vars.map(v => `${btf.name(v.type)}@${v.offset}+${v.size}`)}}`
    )
  })
  assert.deepEqual(sections, [".bss=.bss(4){z@0+4}", ".data=.data(4){n@0+4}", ".rodata=.rodata(3){__str@0+3}"])
  assert.deepEqual(
    module.maps.map(m => [m.frozen ?? false, m.flags, [...m.data!]]),
    [
      [false, 0, [0, 0, 0, 0]],
      [false, 0, [5, 0, 0, 0]],
      [true, 0x80, [97, 98, 0]],
    ],
  )
})

test("a type is written once however often it is used", () => {
  const module = lowerC("struct s { int a; }; struct s x = {1}, y = {2}; int f(struct s *p) { return x.a + y.a; }")
  const btf = Btf.parse(module.btf.encode())
  assert.equal([...btf.ids("struct")].length, 1)
})
