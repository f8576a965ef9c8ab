import assert from "node:assert/strict"
import { test } from "node:test"
import { unitOf } from "../../../tests/support/lowerC.ts"
import type { ExternDecl } from "../../bcc/index.ts"
import { Btf } from "../../btf/index.ts"
import type { FunctionDecl, VarDecl } from "../../c/index.ts"
import { checkModule } from "../check.ts"
import type { Module } from "../ir.ts"
import { printFunction } from "../print.ts"
import { lower } from "./lower.ts"

/** A program whose declarations named in `kinds` are the kernel's, and may be weak (`kfunc?`); others come from another object. */
function moduleOf(text: string, kinds: Readonly<Record<string, string>>): Module {
  const unit = unitOf(text)
  const externs = unit.unit.decls.flatMap((decl): ExternDecl[] => {
    if (decl.kind !== "var" && decl.kind !== "function") return []
    const kind = kinds[decl.name]
    const plain = kind?.replace("?", "") as ExternDecl["kind"]
    return kind === undefined ? [] : [{ decl: decl as VarDecl | FunctionDecl, kind: plain, weak: kind.endsWith("?") }]
  })
  const module = lower({ ...unit, externs, linkable: true })
  assert.deepEqual(checkModule(module), [])
  return module
}

/** The body of the only program, one instruction after the other. */
const body = (module: Module): string =>
  printFunction(module.functions[0])
    .split("\n")
    .slice(2, -2)
    .map(line => line.trim())
    .join("; ")

function lowers(text: string, kinds: Readonly<Record<string, string>>, expected: string): void {
  test(text, () => assert.equal(body(moduleOf(text, kinds)), expected))
}

lowers(
  "extern const int HZ; int f(void) { return HZ; }",
  { HZ: "kconfig" },
  "%1 = globaladdr @HZ; %2 = load i32 u4 %1; ret %2",
)
lowers(
  "extern const void jiffies; const void *f(void) { return &jiffies; }",
  { jiffies: "ksym" },
  "%1 = ksymaddr @jiffies 0; ret %1",
)
lowers(
  "extern int active; int f(void) { return active; }",
  { active: "ksym?" },
  "%1 = ksymaddr @active 2 weak; %2 = load i32 u4 %1; ret %2",
)
lowers(
  "long acquire(long); long f(void) { return acquire(1); }",
  { acquire: "kfunc" },
  "%1 = call kfunc acquire(i64 1) -> i64; ret %1",
)
lowers(
  "long acquire(long); int f(void) { return acquire != 0; }",
  { acquire: "kfunc?" },
  "%1 = ksymaddr @acquire 3 weak; %2 = cmp ne ptr %1, 0; ret %2",
)
lowers(
  "extern int shared[4]; extern int other(int); int f(void) { return other(shared[2]); }",
  {},
  "%1 = globaladdr @shared; %2 = ptradd %1, 8; %3 = load i32 u4 %2; %4 = call @other(%3) -> i32; ret %4",
)

test("what another object has to define is listed with its types", () => {
  const module = moduleOf("extern int n; extern int g(int x); int f(void) { return g(n); }", {})
  const btf = Btf.parse(module.btf.encode())
  assert.deepEqual(
    module.externs!.map(({ type, ...e }) => ({ ...e, linkage: (btf.type(type) as { linkage: string }).linkage })),
    [
      { name: "g", kind: "function", weak: false, linkage: "extern" },
      { name: "n", kind: "variable", weak: false, linkage: "extern" },
    ],
  )
})

test("values of the kernel's configuration are a map of their own", () => {
  const module = moduleOf("extern int A; extern char B[8]; int f(void) { return A + B[1]; }", {
    A: "kconfig",
    B: "kconfig?",
  })
  const [map] = module.maps
  assert.deepEqual([map.name, map.frozen, map.flags, map.valueSize], [".kconfig", true, 128, 16])
  assert.deepEqual(
    map.kconfig!.map(({ type: _, ...k }) => k),
    [
      { name: "A", offset: 0, size: 4, weak: false },
      { name: "B", offset: 8, size: 8, weak: true },
    ],
  )
})
