import assert from "node:assert/strict"
import { test } from "node:test"
import { needsRoot } from "../../tests/support/kernel.ts"
import { libbpfObject } from "../../tests/support/runLibbpf.ts"
import { Btf } from "../btf/index.ts"
import type { BpfObject } from "../object/index.ts"

const PROGRAM = 'SEC("socket") int f(void *ctx) { return 0; }'

/** The object of a text that says `declared` of variables which no function uses. */
const objectOf = (declared: string): BpfObject => libbpfObject(`${declared}\n${PROGRAM}`)

function keeps(declared: string, type: string, kind: "struct" | "union" | "enum" | "typedef"): void {
  test(`${declared} keeps ${kind} ${type}`, { skip: needsRoot }, () =>
    assert.ok(Btf.parse(objectOf(declared).btf).find(type, kind) > 0),
  )
}

keeps("struct event { u32 pid; char comm[16]; };\nstruct event *unused __attribute__((unused));", "event", "struct")
keeps("struct event { u32 pid; };\nconst struct event *unused __attribute__((unused));", "event", "struct")
keeps("union value { u64 word; };\nunion value *unused;", "value", "union")
keeps("enum kind { A, B };\nenum kind *unused;", "kind", "enum")
keeps("typedef u32 number;\nnumber *unused;", "number", "typedef")

function sizes(declared: string, expected: Readonly<Record<string, number>>): void {
  test(`${declared} makes ${JSON.stringify(expected)}`, { skip: needsRoot }, () => {
    const maps = objectOf(declared).maps.filter(({ name }) => name.startsWith("."))
    assert.deepEqual(Object.fromEntries(maps.map(({ name, valueSize }) => [name, valueSize])), expected)
  })
}

sizes("int a, b; long c;", { ".bss": 16 })
sizes("int a; int a = 4;", { ".data": 4 })
sizes("const int a;", { ".rodata": 4 })
sizes("static int a;", {})
sizes("extern int a __weak;", {})
sizes("struct never; extern struct never a __ksym __weak;", {})
