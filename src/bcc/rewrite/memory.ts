import * as c from "../../c/index.ts"
import * as b from "../ast/build.ts"
import type { Current, Env } from "./env.ts"
import { CONTEXT, OUTSIDE, TYPED } from "./provenance.ts"

/** Largest memory that memcmp copies to the stack before it compares. */
const MAX_COMPARE = 256

/** Whether reading an lvalue takes a helper. */
export function isOutside(env: Env, current: Current, lvalue: c.Expr): boolean {
  const at = env.provenance.placeOf(lvalue, current.fn)
  if (env.provenance.isNetwork(current.fn)) return at === OUTSIDE
  if (at === 0 || (at & OUTSIDE) !== 0) return true
  if ((at & TYPED) !== 0) return !isPlainMember(lvalue)
  if ((at & CONTEXT) !== 0) return hasVariableIndex(lvalue)
  return false
}

/** Whether a pointer value leads only outside. */
function pointsOutside(env: Env, current: Current, pointer: c.Expr): boolean {
  return env.provenance.valueOf(b.stripCasts(pointer), current.fn) === OUTSIDE
}

/** `lvalue`'s value, by a helper. */
export function kernelRead(env: Env, lvalue: c.Expr, type: c.Type, span: c.Expr["span"]): c.Expr {
  const field = lvalue.kind === "member" && lvalue.field.bitWidth !== undefined ? lvalue.field : undefined
  if (field === undefined || lvalue.kind !== "member") {
    return { kind: "kernelRead", address: pointerTo(lvalue), type, span, helper: env.readHelper }
  }
  const base = lvalue.arrow ? lvalue.base : b.addressOf(lvalue.base, span)
  const bytes = b.cast(base, c.pointerTo(c.CHAR))
  const unit = b.binary("+", bytes, b.int(field.offset, c.INT, span), bytes.type, span)
  const address = b.cast(unit, c.pointerTo(c.unqualified(field.type)))
  return { kind: "kernelRead", address, bitField: field, type, span, helper: env.readHelper }
}

export const isBitField = (lvalue: c.Expr): boolean => lvalue.kind === "member" && lvalue.field.bitWidth !== undefined

/** `&lvalue`, but `p` for `*p`. */
function pointerTo(lvalue: c.Expr): c.Expr {
  return lvalue.kind === "deref" ? lvalue.operand : b.addressOf(lvalue)
}

/** Refuses to write where no program may. */
export function checkWrite(env: Env, current: Current, lvalue: c.Expr): void {
  const at = env.provenance.placeOf(lvalue, current.fn)
  if (at !== OUTSIDE) return
  const what = c.isLvalue(lvalue) ? ` '${c.printNode(lvalue).split("\n")[0]}'` : ""
  env.diagnostics.error(
    "BCC_WRITE_OUTSIDE",
    `cannot write to${what}: it is not the program's own memory`,
    lvalue.span,
    {
      hint: "BPF programs cannot change kernel memory; work on a copy (user memory can be written with bpf_probe_write_user)",
    },
  )
}

/**
 * memcpy, memmove and memcmp where an argument lies outside: such memory is copied by the helper. Undefined for any other call. `e` is the call as
 * written, `args` are rewritten.
 */
export function rewriteMemory(
  env: Env,
  current: Current,
  e: c.Call,
  builtin: string,
  args: readonly c.Expr[],
): c.Expr | undefined {
  switch (builtin) {
    case "memcpy":
    case "memmove": {
      if (!pointsOutside(env, current, e.args[1])) return undefined
      const [to, from, size] = args
      const read = b.call(env.readHelper, [to, size, from], e.span)
      if (!b.isRepeatable(to)) return b.cast(read, e.type, true)
      return { kind: "comma", left: read, right: to, type: e.type, span: e.span }
    }
    case "memcmp": {
      const outside = e.args.slice(0, 2).map(arg => pointsOutside(env, current, arg))
      if (!outside.includes(true)) return undefined
      const size = c.evaluate(e.args[2])
      if (size === undefined || size > MAX_COMPARE) {
        env.diagnostics.error(
          "BCC_MEMCMP",
          `memcmp() of kernel memory needs a constant size of at most ${MAX_COMPARE}`,
          e.span,
          {
            hint: "read the memory into a local array first, with bpf_probe_read_kernel()",
          },
        )
        return undefined
      }
      const body: c.Stmt[] = []
      const operands = args.slice(0, 2).map((arg, i) => {
        if (!outside[i]) return arg
        const copy: c.VarDecl = { ...b.variable(`_copy${i}`, c.arrayOf(c.CHAR, Number(size)), e.span) }
        const zeroed: c.VarDecl = { ...copy, init: b.zeroInit(copy.type, e.span) }
        const place = b.load(b.ref(zeroed, e.span))
        body.push(b.declStmt(zeroed), b.exprStmt(b.call(env.readHelper, [place, args[2], arg], e.span)))
        return place
      })
      const fn = c.calledFunction(e.callee)
      if (fn === undefined) return undefined
      body.push(b.exprStmt(b.call(fn, [...operands, args[2]], e.span)))
      return b.stmtExpr(body, e.span)
    }
    default:
      if (builtin.startsWith("__sync_") || builtin.startsWith("__atomic_")) {
        const target = e.args[0]
        if (target !== undefined && pointsOutside(env, current, target)) checkWrite(env, current, b.deref(target))
      } else if (builtin === "memset" && pointsOutside(env, current, e.args[0]))
        checkWrite(env, current, b.deref(e.args[0]))
      return undefined
  }
}

/** A member at a fixed place of what a pointer to a record points to. */
function isPlainMember(lvalue: c.Expr): boolean {
  let e = lvalue
  for (;;) {
    if (e.kind === "member") {
      if (e.arrow) return true
      e = e.base
    } else if (e.kind === "index" && c.evaluate(e.index) !== undefined) {
      if (e.base.kind === "cast" && e.base.cast === "decay") e = e.base.operand
      else return c.recordOf(e.type) !== undefined
    } else return e.kind === "deref" ? c.recordOf(e.type) !== undefined : e.kind === "ref"
  }
}

function hasVariableIndex(lvalue: c.Expr): boolean {
  let e = lvalue
  for (;;) {
    if (e.kind === "member" && !e.arrow) e = e.base
    else if (e.kind === "index") {
      if (c.evaluate(e.index) === undefined) return true
      if (e.base.kind !== "cast" || e.base.cast !== "decay") return false
      e = e.base.operand
    } else return false
  }
}
