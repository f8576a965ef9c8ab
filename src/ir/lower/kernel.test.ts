import assert from "node:assert/strict"
import { test } from "node:test"
import { interpret } from "../../../tests/support/irInterp.ts"
import { unitOf } from "../../../tests/support/lowerC.ts"
import {
  type Expr,
  type FunctionDecl,
  type Index,
  type Init,
  type Member,
  pointerTo,
  type Stmt,
} from "../../c/index.ts"
import { assertValid } from "../check.ts"
import type { IrFunction } from "../ir.ts"
import { printFunction } from "../print.ts"
import { lower } from "./lower.ts"

const source = `
struct s { int pad; short x; unsigned a : 3; int b : 5; struct { long v[2]; } in; };
long probe(void *dst, unsigned size, const void *from);
`

/** Whether an lvalue is a part of what a pointer points to. */
function reachesPointer(e: Expr): e is Member | Index {
  if (e.kind === "member") return e.arrow || reachesPointer(e.base)
  return e.kind === "index" && e.base.kind === "cast" && reachesPointer(e.base.operand)
}

/** Makes each read of a member through a pointer a read by a helper, as the dialect passes do. */
function readsKernel(text: string): IrFunction {
  const unit = unitOf(source + text)
  const find = (name: string) =>
    unit.unit.decls.find((d): d is FunctionDecl => d.kind === "function" && d.name === name)!
  const helper: FunctionDecl = { ...find("probe"), helper: 113 }
  const rewrite = (e: Expr): Expr => {
    if (e.kind === "binary") return { ...e, left: rewrite(e.left), right: rewrite(e.right) }
    if (e.kind !== "cast") return e
    const { operand } = e
    if (e.cast !== "load" || !reachesPointer(operand)) {
      return { ...e, operand: rewrite(operand) }
    }
    const { span } = operand
    const field = operand.kind === "member" ? operand.field : undefined
    const type = pointerTo(operand.type)
    if (operand.kind !== "member" || field?.bitWidth === undefined) {
      return { kind: "kernelRead", address: { kind: "addressOf", operand, type, span }, helper, type: e.type, span }
    }
    const unitField = { ...operand.field, bitWidth: undefined, bitOffset: undefined }
    const address: Expr = { kind: "addressOf", operand: { ...operand, field: unitField }, type, span }
    return { kind: "kernelRead", address, bitField: field, helper, type: e.type, span }
  }
  const rewriteInit = (init: Init): Init =>
    init.kind === "expr"
      ? { kind: "expr", expr: rewrite(init.expr) }
      : { ...init, entries: init.entries.map(entry => ({ ...entry, init: rewriteInit(entry.init) })) }
  const statement = (s: Stmt): Stmt => {
    if (s.kind === "return") return { ...s, value: s.value && rewrite(s.value) }
    if (s.kind === "expr" && s.expr.kind === "assign")
      return { ...s, expr: { ...s.expr, right: rewrite(s.expr.right) } }
    if (s.kind !== "decl") return s
    // A Ref points at the very declaration, so it is changed in place.
    for (const d of s.decls) {
      if (d.kind === "var" && d.init !== undefined) Object.assign(d, { init: rewriteInit(d.init) })
    }
    return s
  }
  const f = find("f")
  const decl = { ...f, body: { ...f.body!, body: f.body!.body.map(statement) } }
  const module = lower({ ...unit, programs: [{ decl, section: "kprobe/f" }] })
  assertValid(module.functions[0])
  return module.functions[0]
}

/** A function that reads kernel memory, and what it gives for a record with pad 1, x -2, a 5, b -3, v {7, 8}. */
function gives(text: string, expected: bigint): void {
  test(text, () => {
    const record = new Uint8Array(24)
    const view = new DataView(record.buffer)
    view.setInt32(0, 1, true)
    view.setInt16(4, -2, true)
    view.setUint8(6, 5 | ((-3 & 31) << 3))
    view.setBigInt64(8, 7n, true)
    view.setBigInt64(16, 8n, true)
    const { value, trace } = interpret(readsKernel(text), [record], {
      helper: ({ id, args }, memory) => {
        assert.equal(id, 113)
        memory.bytes(args[0], Number(args[1]), true).set(memory.bytes(args[2], Number(args[1])).slice())
        return 0
      },
    })
    assert.equal(BigInt.asIntN(64, value), expected)
    assert.ok(trace.length > 0)
  })
}

gives("long f(struct s *k) { return k->pad + k->x; }", -1n)
gives("long f(struct s *k) { return k->in.v[1]; }", 8n)
gives("long f(struct s *k) { return k->a * 100 + k->b; }", 497n)
gives("long f(struct s *k) { typeof(k->in) t = k->in; return t.v[0] * 10 + k->pad; }", 71n)

test("a read goes through a temporary", () => {
  assert.equal(
    printFunction(readsKernel("long f(struct s *k) { return k->x; }")),
    `func @f(ptr %k) -> i64 {
b0:
  %1 = alloca 8 align 8 "k"
  %3 = alloca 2 align 2 "kernel read"
  store 8 %1, %k
  %4 = load ptr u8 %1
  %5 = ptradd %4, 4
  %6 = call helper 113 probe(%3, i32 2, %5) -> i64
  %7 = load i32 s2 %3
  %8 = sext i64 %7
  ret %8
}
`,
  )
})

test("a member of a local record is read in place", () => {
  assert.equal(
    printFunction(
      readsKernel("long f(struct s *k) { struct { int a, b; } t = {1, k->pad}; t.a = k->pad; return t.a; }"),
    ),
    `func @f(ptr %k) -> i64 {
b0:
  %1 = alloca 8 align 8 "k"
  %3 = alloca 8 align 8 "t"
  store 8 %1, %k
  store 4 %3, 1
  %5 = ptradd %3, 4
  %6 = load ptr u8 %1
  %7 = call helper 113 probe(%5, i32 4, %6) -> i64
  %8 = load ptr u8 %1
  %9 = call helper 113 probe(%3, i32 4, %8) -> i64
  %10 = load i32 u4 %3
  %11 = sext i64 %10
  ret %11
}
`,
  )
})

test("a map is its address", () => {
  const unit = unitOf("long f(void) { return (long) (void *) 0; }")
  const f = unit.programs[0].decl
  const ret = f.body!.body[0]
  assert.ok(ret.kind === "return")
  const value: Expr = { kind: "mapRef", map: "stats", type: f.type.ret, span: ret.span }
  const decl = {
    ...f,
    type: { ...f.type, ret: pointerTo(f.type.ret) },
    body: { ...f.body!, body: [{ ...ret, value }] },
  }
  const module = lower({ ...unit, programs: [{ decl, section: "x" }] })
  assert.equal(printFunction(module.functions[0]), "func @f() -> ptr {\nb0:\n  %1 = mapaddr @stats\n  ret %1\n}\n")
})
