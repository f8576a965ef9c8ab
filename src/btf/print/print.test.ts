import assert from "node:assert/strict"
import { execFileSync } from "node:child_process"
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { test } from "node:test"
import { checkSyntax, compilers, objectSections } from "../../../tests/support/native.ts"
import { RECORD_PRELUDE, recordProgramTypes } from "../../../tests/support/records.ts"
import { Btf, BtfBuilder, type BtfTypeInput, dump, formatDefinition, formatType, isRecord, sizeOf } from "../index.ts"

type Build = (b: BtfBuilder) => number
const int: Build = b => b.add({ kind: "int", name: "int", size: 4, signed: true })
const char: Build = b => b.add({ kind: "int", name: "char", size: 1, signed: true, char: true })
const ptr =
  (to: Build): Build =>
  b =>
    b.add({ kind: "ptr", type: to(b) })
const array =
  (of: Build, count: number): Build =>
  b =>
    b.add({ kind: "array", type: of(b), indexType: int(b), count })
const qualified =
  (kind: "const" | "volatile" | "restrict", to: Build): Build =>
  b =>
    b.add({ kind, type: to(b) })
const constant = (to: Build): Build => qualified("const", to)
const tagged =
  (to: Build): Build =>
  b =>
    b.add({ kind: "type_tag", name: "rcu", type: to(b) })
const none: Build = () => 0
const named =
  (kind: "struct" | "union", name: string): Build =>
  b =>
    b.add({ kind, name, size: 0, members: [] })
const alias =
  (name: string, to: Build): Build =>
  b =>
    b.add({ kind: "typedef", name, type: to(b) })
const func =
  (result: Build, variadic: boolean, ...params: [string, Build][]): Build =>
  b =>
    b.add({ kind: "func_proto", type: result(b), params: params.map(([name, t]) => ({ name, type: t(b) })), variadic })

function make(build: Build): [Btf, number] {
  const builder = new BtfBuilder()
  const id = build(builder)
  return [Btf.parse(builder.encode()), id]
}

const types: [c: string, name: string, build: Build][] = [
  ["void", "", none],
  ["int", "", int],
  ["int x", "x", int],
  ["char comm[16]", "comm", array(char, 16)],
  ["char[16]", "", array(char, 16)],
  ["int grid[2][3]", "grid", array(array(int, 3), 2)],
  ["int tail[0]", "tail", array(int, 0)],
  ["void *", "", ptr(none)],
  ["void *p", "p", ptr(none)],
  ["char **p", "p", ptr(ptr(char))],
  ["const char *p", "p", ptr(constant(char))],
  ["char *const p", "p", constant(ptr(char))],
  ["char *const", "", constant(ptr(char))],
  ["const char *volatile p", "p", qualified("volatile", ptr(constant(char)))],
  ["const volatile int x", "x", constant(qualified("volatile", int))],
  ["char *restrict p", "p", qualified("restrict", ptr(char))],
  ["char *list[4]", "list", array(ptr(char), 4)],
  ["char (*row)[4]", "row", ptr(array(char, 4))],
  ["char (*const row)[4]", "row", constant(ptr(array(char, 4)))],
  ["struct task_struct *p", "p", ptr(tagged(named("struct", "task_struct")))],
  ["union sigval v", "v", named("union", "sigval")],
  ["u32 x", "x", alias("u32", int)],
  ["int (*)(void)", "", ptr(func(int, false))],
  ["int (*f)(void)", "f", ptr(func(int, false))],
  ["void (*f)(int a, char *)", "f", ptr(func(none, false, ["a", int], ["", ptr(char)]))],
  ["int (*f)(const char *fmt, ...)", "f", ptr(func(int, true, ["fmt", ptr(constant(char))]))],
  ["int (*table[8])(void)", "table", array(ptr(func(int, false)), 8)],
  ["void (*(*f)(int))(void)", "f", ptr(func(ptr(func(none, false)), false, ["", int]))],
  ["void (*f)(int (*less)(void *))", "f", ptr(func(none, false, ["less", ptr(func(int, false, ["", ptr(none)]))]))],
  ["struct later *p", "p", ptr(b => b.add({ kind: "fwd", name: "later" }))],
]
for (const [c, name, build] of types) {
  test(c, () => {
    const [btf, id] = make(build)
    assert.equal(formatType(btf, id, name), c)
  })
}

const at = (name: string, type: number, bitOffset: number, bitSize = 0) => ({ name, type, bitOffset, bitSize })
const values = (...pairs: [string, number | bigint][]) => pairs.map(([name, value]) => ({ name, value }))
const enumeration =
  (kind: "enum" | "enum64", rest: Omit<BtfTypeInput & { kind: "enum" }, "kind">): Build =>
  b =>
    b.add({ ...rest, kind })

const definitions: [c: string, build: Build][] = [
  [
    "struct s { int a; char b; };",
    b => b.add({ kind: "struct", name: "s", size: 8, members: [at("a", int(b), 0), at("b", char(b), 32)] }),
  ],
  [
    "struct s { char a; int b; } __attribute__((packed));",
    b => b.add({ kind: "struct", name: "s", size: 5, members: [at("a", char(b), 0), at("b", int(b), 8)] }),
  ],
  [
    "struct s { int a : 3; int b : 5; char : 8; int c : 4; };",
    b =>
      b.add({
        kind: "struct",
        name: "s",
        size: 4,
        members: [at("a", int(b), 0, 3), at("b", int(b), 3, 5), at("c", int(b), 16, 4)],
      }),
  ],
  [
    "struct s { int a; int : 32; long : 64; char b; char : 8; short : 16; int : 32; long : 64; };",
    b => b.add({ kind: "struct", name: "s", size: 32, members: [at("a", int(b), 0), at("b", char(b), 128)] }),
  ],
  [
    "union u { int a; struct { long : 64; }; };",
    b => b.add({ kind: "union", name: "u", size: 8, members: [at("a", int(b), 0)] }),
  ],
  [
    "struct s { union { int a; char b; }; int c; };",
    b => {
      const members = [at("a", int(b), 0), at("b", char(b), 0)]
      const inner = b.add({ kind: "union", name: "", size: 4, members })
      return b.add({ kind: "struct", name: "s", size: 8, members: [at("", inner, 0), at("c", int(b), 32)] })
    },
  ],
  ["enum e { A = 0, B = 5, };", enumeration("enum", { name: "e", size: 4, values: values(["A", 0], ["B", 5]) })],
  ["enum e { A = -1, };", enumeration("enum", { name: "e", size: 4, signed: true, values: values(["A", -1]) })],
  [
    "enum e { A = 1, } __attribute__((mode(QI)));",
    enumeration("enum", { name: "e", size: 1, values: values(["A", 1]) }),
  ],
  [
    "enum e { A = 1, } __attribute__((mode(DI)));",
    enumeration("enum", { name: "e", size: 8, values: values(["A", 1]) }),
  ],
  [
    "enum e { A = 18446744073709551615ULL, };",
    enumeration("enum64", { name: "e", size: 8, values: values(["A", 2n ** 64n - 1n]) }),
  ],
  [
    "enum e { A = (-9223372036854775807LL - 1), B = 4294967296LL, };",
    enumeration("enum64", { name: "e", size: 8, signed: true, values: values(["A", -(2n ** 63n)], ["B", 2n ** 32n]) }),
  ],
  [
    "typedef int (*cmp_t)(const void *, const void *);",
    alias("cmp_t", ptr(func(int, false, ["", ptr(constant(none))], ["", ptr(constant(none))]))),
  ],
  ["struct later;", b => b.add({ kind: "fwd", name: "later" })],
  [
    "int main(int argc, char **argv);",
    b =>
      b.add({
        kind: "func",
        name: "main",
        type: func(int, false, ["argc", int], ["argv", ptr(ptr(char))])(b),
        linkage: "global",
      }),
  ],
  ["static char buf[8];", b => b.add({ kind: "var", name: "buf", type: array(char, 8)(b), linkage: "static" })],
]
for (const [c, build] of definitions) {
  test(c, () => {
    const [btf, id] = make(build)
    assert.equal(formatDefinition(btf, id).replace(/\s+/g, " "), c)
  })
}

test("anonymous members are written out with their indentation", () => {
  const [btf, id] = make(b => {
    const inner = b.add({ kind: "struct", name: "", size: 4, members: [at("a", int(b), 0)] })
    const list = b.add({ kind: "array", type: inner, indexType: int(b), count: 2 })
    return b.add({ kind: "struct", name: "s", size: 8, members: [at("list", list, 0)] })
  })
  assert.equal(formatDefinition(btf, id), "struct s {\n\tstruct {\n\t\tint a;\n\t} list[2];\n};")
})

/** `struct b; struct a { struct b *b; }; struct b { struct a a; }` with the ids of a and b. */
function cycle(builder: BtfBuilder): [number, number] {
  const b = builder.reserve()
  const a = builder.add({
    kind: "struct",
    name: "a",
    size: 8,
    members: [at("b", builder.add({ kind: "ptr", type: b }), 0)],
  })
  builder.define(b, { kind: "struct", name: "b", size: 8, members: [at("a", a, 0)] })
  return [a, b]
}

test("a dump declares forward what is pointed to and orders what is contained", () => {
  const builder = new BtfBuilder()
  const [a, b] = cycle(builder)
  const btf = Btf.parse(builder.encode())
  const whole = "struct b;\n\nstruct a {\n\tstruct b *b;\n};\n\nstruct b {\n\tstruct a a;\n};\n"
  assert.equal(dump(btf), whole)
  assert.equal(dump(btf, [b]), whole)
  assert.equal(dump(btf, [a]), "struct b;\n\nstruct a {\n\tstruct b *b;\n};\n")
})

test("a dump gives later things of one name another one", () => {
  const builder = new BtfBuilder()
  const record =
    (size: number): Build =>
    b =>
      b.add({ kind: "struct", name: "s", size, members: [at("a", size === 4 ? int(b) : char(b), 0)] })
  alias("first", record(4))(builder)
  alias("second", record(1))(builder)
  builder.add({ kind: "enum", name: "e", size: 4, values: values(["first", 1], ["X", 2]) })
  builder.add({ kind: "enum", name: "", size: 4, values: values(["X", 3]) })
  const text = dump(Btf.parse(builder.encode())).replace(/\s+/g, " ")
  assert.equal(
    text,
    "struct s { int a; }; typedef struct s first; struct s___2 { char a; }; typedef struct s___2 second; " +
      "enum e { first___2 = 1, X = 2, }; enum { X___2 = 3, }; ",
  )
})

test("a dump holds what is asked for and what that needs", () => {
  const builder = new BtfBuilder()
  const [, b] = cycle(builder)
  const proto = func(int, false, ["x", () => b])(builder)
  const f = builder.add({ kind: "func", name: "f", type: proto, linkage: "global" })
  const v = builder.add({ kind: "var", name: "v", type: int(builder), linkage: "global" })
  const data = builder.add({ kind: "datasec", name: ".data", size: 4, vars: [{ type: v, offset: 0, size: 4 }] })
  const btf = Btf.parse(builder.encode())
  assert.equal(dump(btf, [f]), "struct b;\n\nint f(struct b x);\n")
  assert.equal(dump(btf, [data]), "int v;\n")
  assert.ok(!dump(btf).includes("int v"))
})

test("names that C does not allow are replaced", () => {
  const builder = new BtfBuilder()
  const rust = builder.add({ kind: "int", name: "u64", size: 8 })
  builder.add({ kind: "struct", name: "core::Pair<u64>", size: 8, members: [at("0", rust, 0)] })
  const text = dump(Btf.parse(builder.encode())).replace(/\s+/g, " ")
  assert.equal(text, "typedef unsigned long u64; struct core__Pair_u64_ { u64 _0; }; ")
})

/** C that fails to compile where the sizes and offsets of a dump's named records are not those of the BTF. */
function layoutChecks(btf: Btf): string[] {
  const checks = ["#define offsetof __builtin_offsetof"]
  const tags = new Map<string, number>()
  for (const kind of ["struct", "union", "enum", "enum64"] as const) {
    for (const id of btf.ids(kind)) tags.set(btf.name(id), (tags.get(btf.name(id)) ?? 0) + 1)
  }
  for (const kind of ["struct", "union"] as const) {
    for (const id of btf.ids(kind)) {
      const type = btf.type(id)
      // A name that occurs twice is another one in the dump.
      if (!isRecord(type) || type.name === "" || tags.get(type.name) !== 1) continue
      const tag = `${kind} ${type.name}`
      checks.push(`_Static_assert(sizeof(${tag}) == ${type.size}, "${tag}");`)
      for (const m of type.members) {
        if (m.name === "" || m.bitSize !== 0) continue
        checks.push(`_Static_assert(offsetof(${tag}, ${m.name}) == ${m.bitOffset / 8}, "${tag}.${m.name}");`)
      }
    }
  }
  return checks
}

const judges = compilers("gcc", "clang", "clang-14")
const noCompiler = judges.length === 0 ? "neither gcc nor clang is installed" : false

const VMLINUX = "/sys/kernel/btf/vmlinux"
const noKernel = existsSync(VMLINUX) ? noCompiler : `${VMLINUX} is missing`

test("a dump of the kernel's types compiles to the same sizes and offsets", { skip: noKernel }, () => {
  const btf = Btf.parse(readFileSync(VMLINUX))
  const text = dump(btf)
  const checks = layoutChecks(btf)
  assert.ok(checks.length > 1000)
  for (const judge of judges) assert.equal(checkSyntax(judge, [text, ...checks].join("\n")).slice(0, 2000), "", judge)
})

test("a part of the kernel's types compiles", { skip: noKernel }, () => {
  const btf = Btf.parse(readFileSync(VMLINUX))
  const text = dump(btf, [btf.find("task_struct", "struct"), btf.find("sk_buff", "struct")])
  const checks = ["task_struct", "sk_buff"].map(name => {
    return `_Static_assert(sizeof(struct ${name}) == ${sizeOf(btf, btf.find(name, "struct"))}, "${name}");`
  })
  for (const judge of judges) assert.equal(checkSyntax(judge, [text, ...checks].join("\n")), "", judge)
})

const noGcc = compilers("gcc", "objcopy").length === 2 ? false : "gcc or objcopy is missing"

test("records with attributes and bit-fields come back from gcc's BTF as they were", { skip: noGcc }, () => {
  const source = RECORD_PRELUDE + recordProgramTypes(RECORDS)
  const [section] = objectSections("gcc", ["-gbtf"], source, ".BTF")
  const btf = Btf.parse(section)
  const checks = layoutChecks(btf)
  assert.ok(checks.length > RECORDS.length)
  assert.equal(checkSyntax("gcc", [dump(btf), ...checks].join("\n")), "")
})

const RECORDS = [
  "struct { char a; s32 b; char c[3]; ptr d; }",
  "PACKED struct { char a; s32 b; s64 c; }",
  "PACKED struct { u8 a : 3; u32 b : 17; char c; u64 d : 50; }",
  "struct { u32 a : 3; u64 b : 40; u8 c : 4; _Bool d : 1; }",
  "struct { char a; ALIGNED(16) char b; char c; }",
  "ALIGNED(64) struct { char a; }",
  "struct { char a; union { s32 b; struct { s16 c; char d; }; }; PACKED s32 e; }",
  "ALIGNED(32) union { char a[3]; s16 b; }",
  "struct { s32 n; s32 : 7; s32 b : 3; u64 tail[0]; }",
  "PACKED ALIGNED(2) struct { char a; s32 b; }",
]

const noBpftool = compilers("bpftool").length === 1 ? false : "bpftool is missing"

test("bpftool reads what the builder writes", { skip: noBpftool }, () => {
  const builder = new BtfBuilder()
  const [a] = cycle(builder)
  builder.add({ kind: "enum", name: "e", size: 4, signed: true, values: values(["MINUS", -1]) })
  builder.add({ kind: "enum64", name: "wide", size: 8, values: values(["MOST", 2n ** 64n - 1n]) })
  builder.add({ kind: "func", name: "f", type: func(int, true, ["x", ptr(char)])(builder), linkage: "static" })
  builder.add({ kind: "type_tag", name: "rcu", type: a })
  builder.add({ kind: "decl_tag", name: "note", type: a, component: -1 })
  const v = builder.add({ kind: "var", name: "v", type: int(builder), linkage: "global" })
  builder.add({ kind: "datasec", name: ".data", size: 4, vars: [{ type: v, offset: 0, size: 4 }] })
  const folder = mkdtempSync(join(tmpdir(), "skep-btf-"))
  try {
    const file = join(folder, "btf")
    writeFileSync(file, builder.encode())
    const lines = execFileSync("bpftool", ["btf", "dump", "file", file], { encoding: "utf8" }).split("\n")
    const headers = lines.filter(line => line.startsWith("["))
    const btf = Btf.parse(builder.encode())
    assert.equal(headers.length, btf.count - 1)
    for (const [i, line] of headers.entries()) {
      const { kind, name } = btf.type(i + 1)
      assert.ok(line.startsWith(`[${i + 1}] ${kind.toUpperCase()} '${name === "" ? "(anon)" : name}'`), line)
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
})
