import assert from "node:assert/strict"
import { test } from "node:test"
import { compile, HEADERS } from "../../tests/support/libbpf.ts"
import { eachExpr, type MapDecl } from "../bcc/index.ts"
import { typeToString } from "../c/index.ts"
import { isLibbpfStyle } from "./index.ts"

const S =
  "struct in { int a, b; }; struct s { struct in in; struct s *n; int arr[4]; struct { int x; union { int y, z; }; }; unsigned f : 3; };"
const KEPT = S.replaceAll("};", "} __attribute__((preserve_access_index));").replace(
  "; } __attribute__((preserve_access_index)); unsigned",
  "; }; unsigned",
)

/** What an expression relocates, in the order of evaluation from outside. `s` is a pointer to `struct s`, `i` an int. */
function relocates(expression: string, ...expected: string[]): void {
  test(expression, () => {
    const { unit } = compile(`${HEADERS}${KEPT} enum e { A, B = 7 }; typedef struct s s_t; typedef int *restrict r_t;
      long f(struct s *s, int i, struct in local) { return (long)(${expression}); }`)
    const found: string[] = []
    for (const decl of unit.unit.decls) {
      if (decl.kind !== "function" || decl.body === undefined) continue
      eachExpr(decl.body, e => {
        if (e.kind === "core") found.push(`${e.relocation} ${typeToString(e.root)} ${e.access.join(":")} = ${e.value}`)
        if (e.kind === "corePlace") found.push(`${typeToString(e.root)} ${e.access.join(":")} +${e.offset}`)
      })
    }
    assert.deepEqual(found, expected)
  })
}

relocates("s->in.b", "struct s 0:0:1 +4")
relocates("s->n->n->arr[2]", "struct s 0:2:2 +24", "struct s 0:1 +8", "struct s 0:1 +8")
relocates("s->arr[i]", "struct s 0:2 +16")
relocates("(&s->in)->b", "struct s 0:0:1 +4")
relocates("(*s).n", "struct s 0:1 +8")
relocates("s[2].in.a", "struct s 2:0:0 +96")
relocates("s->x + s->z", "struct s 0:3:0 +32", "struct s 0:3:1:1 +36")
relocates("s->f", "struct s 0:4 +40")
relocates("&s->in", "struct s 0:0 +0")
relocates("local.b")
relocates("sizeof(s->in)")
relocates("__builtin_preserve_field_info(s->in.b, 0)", "field_byte_offset struct s 0:0:1 = 4")
relocates("__builtin_preserve_field_info(s->arr, 1)", "field_byte_size struct s 0:2 = 16")
relocates("__builtin_preserve_field_info(((s_t *)0)->n, 2)", "field_exists s_t 0:1 = 1")
relocates("__builtin_preserve_field_info(s->in.a, 3)", "field_signed struct s 0:0:0 = 1")
relocates("__builtin_preserve_field_info(s->f, 4)", "field_lshift_u64 struct s 0:4 = 61")
relocates("__builtin_preserve_field_info(s->f, 5)", "field_rshift_u64 struct s 0:4 = 61")
relocates("__builtin_btf_type_id(*(struct s *)0, 0)", "type_id_local struct s 0 = 0")
relocates("__builtin_btf_type_id(*(s_t *)0, 1)", "type_id_target s_t 0 = 0")
relocates("__builtin_preserve_type_info(*(enum e *)0, 0)", "type_exists enum e 0 = 1")
relocates("__builtin_preserve_type_info(*(r_t *)0, 0)", "type_exists r_t 0 = 1")
relocates("__builtin_preserve_type_info(*(struct s *)0, 1)", "type_size struct s 0 = 48")
relocates("__builtin_preserve_type_info(*(struct s *)0, 2)", "type_matches struct s 0 = 1")
relocates("__builtin_preserve_enum_value(*(enum e *)B, 0)", "enum_value_exists enum e 1 = 1")
relocates("__builtin_preserve_enum_value(*(enum e *)B, 1)", "enum_value enum e 1 = 7")

test("__builtin_preserve_access_index is for records without the attribute", () => {
  const { unit } = compile(
    `${HEADERS}${S} long f(struct s *s) { return (long)__builtin_preserve_access_index(&s->in.b); }`,
  )
  const fn = unit.unit.decls.at(-1)
  assert.ok(fn?.kind === "function" && fn.body !== undefined)
  let places = 0
  eachExpr(fn.body, e => {
    if (e.kind === "corePlace") places++
  })
  assert.equal(places, 1)
})

/** A definition in .maps means this. */
function maps(text: string, expected: Partial<MapDecl>): void {
  test(text, () => {
    const { unit } = compile(`${HEADERS}${text}`)
    const map = unit.maps.at(-1) as MapDecl
    for (const [key, value] of Object.entries(expected)) assert.deepEqual(map[key as keyof MapDecl], value, key)
  })
}

const ARRAY = "__uint(type, BPF_MAP_TYPE_ARRAY); __type(key, int); __type(value, long); __uint(max_entries, 4);"
maps(`struct { ${ARRAY} } m SEC(".maps");`, {
  name: "m",
  type: "array",
  keySize: 4,
  valueSize: 8,
  maxEntries: 4,
  flags: 0,
})
maps(`struct t { ${ARRAY} }; struct t m SEC(".maps");`, { type: "array", maxEntries: 4 })
maps('struct { __uint(type, BPF_MAP_TYPE_RINGBUF); __uint(max_entries, 4096); } m SEC(".maps");', {
  type: "ringbuf",
  keySize: 0,
})
maps(
  'struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(key_size, 8); __uint(value_size, 16); __uint(map_flags, BPF_F_NO_PREALLOC); __uint(pinning, LIBBPF_PIN_BY_NAME); __uint(numa_node, 1); __ulong(map_extra, 0x100000000); } m SEC(".maps");',
  { keySize: 8, valueSize: 16, flags: 1, pinByName: true, numaNode: 1, mapExtra: 0x1_0000_0000n },
)
maps(
  `struct in { ${ARRAY} } a SEC(".maps"), b SEC(".maps"); struct { __uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS); __uint(max_entries, 3); __type(key, int); __array(values, struct in); } m SEC(".maps") = { .values = { &a, [2] = &b } };`,
  {
    type: "array_of_maps",
    keySize: 4,
    valueSize: 4,
    values: [
      { index: 0, map: "a" },
      { index: 2, map: "b" },
    ],
  },
)
maps(
  'int p(void *ctx); SEC("xdp") int p(void *ctx) { return 2; } struct { __uint(type, BPF_MAP_TYPE_PROG_ARRAY); __uint(max_entries, 2); __uint(key_size, 4); __array(values, int (void *)); } m SEC(".maps") = { .values = { [1] = (void *)&p } };',
  { type: "prog_array", valueSize: 4, values: [{ index: 1, program: "p" }] },
)

maps(
  'struct bpf_map_def m SEC("maps") = { .type = BPF_MAP_TYPE_HASH, .key_size = 4, .value_size = 2 * 8, .max_entries = 3, .map_flags = BPF_F_NO_PREALLOC };',
  { type: "hash", keySize: 4, valueSize: 16, maxEntries: 3, flags: 1 },
)

/** Programs, subprograms, externs and tables of operations that a text declares. */
function declares(text: string, ...expected: string[]): void {
  test(text, () => {
    const { unit } = compile(`${HEADERS}${text}`)
    const lines = [
      ...unit.programs.map(p => `program ${p.decl.name} ${p.section} ${p.type ?? "?"} ${JSON.stringify(p.load ?? {})}`),
      ...unit.subprograms.map(fn => `subprogram ${fn.name}`),
      ...unit.externs.map(e => `${e.weak ? "weak " : ""}${e.kind} ${e.decl.name}`),
      ...unit.structOps.map(
        o => `${o.section} ${o.decl.name} ${o.members.map(m => `${m.member}=${m.program}`).join(" ")}`,
      ),
      ...(unit.license === "" ? [] : [`license ${unit.license}`]),
    ]
    assert.deepEqual(lines, expected)
  })
}

declares('char LICENSE[] SEC("license") = "Dual BSD/GPL";', "license Dual BSD/GPL")
declares('SEC("xdp") int f(struct xdp_md *ctx) { return 2; }', 'program f xdp xdp {"attachType":"xdp"}')
declares(
  'SEC("?fentry.s/x") int f(void *c) { return 0; }',
  'program f ?fentry.s/x tracing {"attachType":"trace_fentry","sleepable":true,"autoload":false}',
)
declares(
  'SEC("cgroup/bind4") int f(void *c) { return 1; }',
  'program f cgroup/bind4 cgroup_sock_addr {"attachType":"cgroup_inet4_bind"}',
)
declares('SEC("own") int f(void *c) { return 1; }', "program f own ? {}")
declares(
  "int f(int x) { return x; } static int g(int x) { return x; } __hidden int h(int x) { return x; }",
  "subprogram f",
  "subprogram h",
)
declares(
  "extern int CONFIG_HZ __kconfig; extern _Bool CONFIG_X __kconfig __weak;",
  "kconfig CONFIG_HZ",
  "weak kconfig CONFIG_X",
)
declares("extern const void fops __ksym; extern int g(int x) __ksym __weak;", "ksym fops", "weak kfunc g")
declares(
  'struct ops { int (*init)(void *); char name[4]; }; SEC("struct_ops/init") int BPF_PROG(start, void *p) { return 0; } SEC(".struct_ops.link") struct ops table = { .init = (void *)start, .name = "a" };',
  "program start struct_ops/init struct_ops {}",
  ".struct_ops.link table init=start",
)

/** A text is refused with this code. */
function refuses(text: string, code: string): void {
  test(`${code}: ${text}`, () => assert.throws(() => compile(HEADERS + text), { code, name: "SkepError" }))
}

refuses('int m SEC("maps");', "LIBBPF_LEGACY_MAP")
refuses('struct bpf_map_def m SEC("maps") = { .type = 9999 };', "LIBBPF_LEGACY_MAP")
refuses('struct { int type, id; } m SEC("maps") = { 1, 7 };', "LIBBPF_LEGACY_MAP")
refuses('int m SEC(".maps");', "LIBBPF_MAP")
refuses('struct { int *what; } m SEC(".maps");', "LIBBPF_MAP")
refuses('struct { int type; } m SEC(".maps");', "LIBBPF_MAP")
refuses("int f(int *p) { return __builtin_preserve_field_info(*p, 0); }", "LIBBPF_CORE")
refuses("struct s { int a; }; int f(struct s *p) { return __builtin_preserve_field_info(p->a, 9); }", "LIBBPF_CORE")
refuses("int BPF_KRETPROBE(f, int a, int b) { return b; }", "LIBBPF_ARGUMENTS")

test("programs for libbpf are known by their headers and sections", () => {
  for (const text of [
    '#include "vmlinux.h"',
    "#include <bpf/bpf_helpers.h>",
    'SEC("xdp") int f(void);',
    "# include <bpf_helpers.h>",
  ]) {
    assert.ok(isLibbpfStyle(text), text)
  }
  for (const text of ["#include <linux/sched.h>", "BPF_HASH(h);", "int SECTION(int);"])
    assert.ok(!isLibbpfStyle(text), text)
})
