import assert from "node:assert/strict"
import { test } from "node:test"
import { CLANG_PRELUDE, clangObject, skipClang } from "../../tests/support/clang.ts"
import { SkepError } from "../base/index.ts"
import { Btf } from "../btf/index.ts"
import { type BpfObject, linkObjects, readElf, writeElf } from "./index.ts"

const LETTERS = "abcdef"

/** The objects that clang makes of sources, `a.c`, `b.c` and so on, linked. */
function linked(sources: readonly string[]): BpfObject {
  return linkObjects(sources.map((source, i) => readElf(clangObject(CLANG_PRELUDE + source, LETTERS[i]))))
}

function links(what: string, sources: readonly string[], get: (o: BpfObject) => unknown, expected: unknown): void {
  test(what, { skip: skipClang }, () => {
    const object = linked(sources)
    assert.deepEqual(get(object), expected)
    // What comes out is an object like any other.
    assert.deepEqual(get(readElf(writeElf(object))), expected)
  })
}

const MAIN = `SEC("socket") int prog(void *ctx)`
const prog = (o: BpfObject) => o.programs.find(p => p.name === "prog")!
const uses = (o: BpfObject) => prog(o).relocations.map(({ insn: _, ...rest }) => rest)
const data = (o: BpfObject, name: string) => [...(o.maps.find(m => m.name === name)?.data ?? [])]

links(
  "a function of another object is called",
  [`extern int twice(int x); ${MAIN} { return twice(2); }`, "__noinline int twice(int x) { return x * 2; }"],
  o => [uses(o), o.functions.map(f => f.name), o.externs],
  [[{ kind: "call", function: "twice" }], ["twice"], undefined],
)
links(
  "a weak function gives way",
  [`__noinline __weak int f(int x) { return 1; } ${MAIN} { return f(2); }`, "__noinline int f(int x) { return 7; }"],
  o => o.functions.map(f => [f.name, f.weak ?? false, f.insns[0].imm]),
  [["f", false, 7]],
)
links(
  "of weak functions the first one stands",
  [
    `__noinline __weak int f(int x) { return 1; } ${MAIN} { return f(2); }`,
    "__noinline __weak int f(int x) { return 7; }",
  ],
  o => o.functions.map(f => [f.name, f.weak ?? false, f.insns[0].imm]),
  [["f", true, 1]],
)
links(
  "a hidden function of another object is called",
  [`extern int f(int x); ${MAIN} { return f(2); }`, "__noinline __hidden int f(int x) { return 7; }"],
  o => o.functions.map(f => [f.name, f.linkage, f.hidden]),
  [["f", "static", true]],
)
links(
  "static functions of one name are two",
  [
    `static __noinline long f(u32 i, void *c) { return 1; } extern int g(int); ${MAIN} { bpf_loop(1, f, 0, 0); return g(1); }`,
    "static __noinline long f(u32 i, void *c) { return 2; } int g(int x) { bpf_loop(x, f, 0, 0); return 0; }",
  ],
  o => [uses(o)[0], o.functions.map(f => f.name).sort(), o.functions.find(f => f.name === "g")?.relocations[0]?.kind],
  [{ kind: "function", function: "f" }, ["f", "f.1", "g"], "function"],
)
links(
  "variables of another object are found where their section has gone",
  [`int mine = 1; extern int far, near; ${MAIN} { return mine + far + near; }`, "int near = 5, far = 6;"],
  o => [
    data(o, ".data"),
    uses(o)
      .map(r => "offset" in r && data(o, ".data")[r.offset])
      .sort(),
  ],
  [
    [1, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 6, 0, 0, 0],
    [1, 5, 6],
  ],
)
links(
  "a weak variable gives way",
  [`__weak int v = 1; ${MAIN} { return v; }`, "int v = 9;"],
  o => uses(o).map(r => "offset" in r && data(o, ".data")[r.offset]),
  [9],
)
links(
  "a map of another object is used",
  [
    `extern struct { __uint(type, 2); __uint(max_entries, 3); __type(key, u32); __type(value, u64); } m SEC(".maps");
     ${MAIN} { u32 k = 0; return bpf_map_lookup_elem(&m, &k) != 0; }`,
    `struct { __uint(type, 2); __uint(max_entries, 3); __type(key, u32); __type(value, u64); } m SEC(".maps");`,
  ],
  o => [uses(o), o.maps.map(m => [m.name, m.type, m.valueSize, m.valueType > 0])],
  [[{ kind: "map", map: "m" }], [["m", "array", 8, true]]],
)
links(
  "an option that both read is there once",
  [
    `extern int CONFIG_A __kconfig; extern int f(int); ${MAIN} { return CONFIG_A + f(1); }`,
    `extern int CONFIG_B __kconfig __weak, CONFIG_A __kconfig; int f(int x) { return CONFIG_B + CONFIG_A; }`,
  ],
  o =>
    o.maps
      .find(m => m.name === ".kconfig")
      ?.kconfig?.map(k => [k.name, k.weak])
      .sort(),
  [
    ["CONFIG_A", false],
    ["CONFIG_B", true],
  ],
)
links(
  "addresses in data move with it",
  ['const char *a[] = { "x" };', 'const char *b[] = { "yy", "z" };'],
  o => o.maps.find(m => m.name === ".data")?.dataRelocations?.map(r => [r.offset, r.target, r.addend]),
  [
    [0, ".rodata.str1.1", 0],
    [8, ".rodata.str1.1", 8],
    [16, ".rodata.str1.1", 11],
  ],
)
links(
  "types are there once, and forward declarations are completed",
  [
    `struct inner { int a; }; struct list { struct list *next; struct inner *in; }; struct list one; struct inner whole; ${MAIN} { return 0; }`,
    "struct inner; struct list { struct list *next; struct inner *in; }; struct list two;",
  ],
  o => {
    const btf = Btf.parse(o.btf)
    return [
      btf.findAll("list", "struct").length,
      btf.findAll("inner", "struct").length,
      btf.findAll("inner", "fwd").length,
    ]
  },
  [1, 1, 0],
)
links(
  "CO-RE relocations and lines keep their types and texts",
  [
    `int x; ${MAIN} { return 1; }`,
    `struct task_struct { int pid; } __attribute__((preserve_access_index));
     SEC("xdp") int other(struct task_struct *t) { return t->pid; }`,
  ],
  o => {
    const other = o.programs.find(p => p.name === "other")!
    return [
      other.core.map(c => [Btf.parse(o.btf).name(c.type), c.kind]),
      o.lines[other.lineInfo[0].line].file.endsWith("b.c"),
      Btf.parse(o.btf).name(other.btfId),
    ]
  },
  [[["task_struct", "field_byte_offset"]], true, "other"],
)

function refused(what: string, code: string, message: RegExp, ...sources: readonly string[]): void {
  test(`does not link ${what}`, { skip: skipClang }, () => {
    assert.throws(
      () => linked(sources),
      (error: unknown) =>
        error instanceof SkepError && error.code === code && message.test(error.message) && error.hint !== undefined,
    )
  })
}

refused(
  "two functions of one name",
  "OBJECT_LINK_DUPLICATE",
  /^f is .* a function in a\.c and as a function in b\.c$/,
  "int f(int x) { return 1; }",
  "int f(int x) { return 2; }",
)
refused(
  "a function and a variable of one name",
  "OBJECT_LINK_DUPLICATE",
  /^f is/,
  "int f(int x) { return 1; }",
  "int f = 1;",
)
refused(
  "what nobody defines",
  "OBJECT_LINK_MISSING",
  /^no object defines function f, which a\.c uses$/,
  `extern int f(int x); ${MAIN} { return f(1); }`,
)
refused(
  "a function of another type",
  "OBJECT_LINK_TYPE",
  /^f is not declared as it is defined/,
  `extern int f(int x); ${MAIN} { return f(1); }`,
  "int f(int x, int y) { return 1; }",
)
refused(
  "a variable of another type",
  "OBJECT_LINK_TYPE",
  /^v is not declared/,
  `extern int v; ${MAIN} { return v; }`,
  "long v = 1;",
)
refused(
  "a variable that is a function",
  "OBJECT_LINK_KIND",
  /^v is declared as a variable and defined as a function$/,
  `extern int v; ${MAIN} { return v; }`,
  "int v(int x) { return x; }",
)
refused(
  "a map of another shape",
  "OBJECT_LINK_TYPE",
  /^m is not declared as it is defined: maxEntries is 3 and 4$/,
  `extern struct { __uint(type, 2); __uint(max_entries, 3); __type(key, u32); __type(value, u64); } m SEC(".maps");
   ${MAIN} { u32 k = 0; return bpf_map_lookup_elem(&m, &k) != 0; }`,
  `struct { __uint(type, 2); __uint(max_entries, 4); __type(key, u32); __type(value, u64); } m SEC(".maps");`,
)
refused(
  "two licences",
  "OBJECT_LINK_LICENSE",
  /GPL.*MIT/,
  `char l[] SEC("license") = "GPL";`,
  `char l2[] SEC("license") = "MIT";`,
)

test("what nobody defines is left to a later linking", { skip: skipClang }, () => {
  const [a, b] = [`extern int f(int x); ${MAIN} { return f(1); }`, "int f(int x) { return x; }"].map((source, i) =>
    readElf(clangObject(CLANG_PRELUDE + source, LETTERS[i])),
  )
  const half = linkObjects([a], { partial: true })
  assert.deepEqual(
    half.externs?.map(e => [e.name, e.kind]),
    [["f", "function"]],
  )
  assert.equal(linkObjects([readElf(writeElf(half)), b]).externs, undefined)
})
