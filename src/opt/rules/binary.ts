import {
  type Binary,
  bitsOf,
  constant,
  evalBinary,
  type Inst,
  inversePredicate,
  isConst,
  type Value,
} from "../../ir/index.ts"
import { allOnes } from "../known.ts"
import { testOf } from "./boolean.ts"
import type { Context } from "./context.ts"

const COMMUTATIVE = new Set(["add", "mul", "and", "or", "xor"])
const SHIFTS = new Set(["shl", "lshr", "ashr"])

/** Arithmetic: a constant goes to the right, constants of a chain are joined, dear operations become cheap ones. */
export function binary(inst: Binary & Inst, ctx: Context): Value | undefined {
  const type = inst.type as "i32" | "i64"
  const bits = bitsOf(type)
  if (inst.args[0].kind === "const" && inst.args[1].kind !== "const" && COMMUTATIVE.has(inst.op)) {
    ctx.change({ args: [inst.args[1], inst.args[0]] })
  }
  const [a, b] = inst.args
  // With an undefined operand, any result that some value of it would give.
  if (b.kind === "undef" && SHIFTS.has(inst.op)) return a
  if (a.kind === "undef" || b.kind === "undef") return constant(type, inst.op === "or" ? -1 : 0)
  if (b.kind === "const") {
    if (a.kind === "const") return constant(type, evalBinary(inst.op, bits, a.value, b.value))
    return withConstant(inst, a, b.value, ctx) ?? joinConstants(inst, a, b.value, ctx)
  }
  if (a === b) {
    if (inst.op === "sub" || inst.op === "xor") return constant(type, 0)
    if (inst.op === "and" || inst.op === "or") return a
  }
  if (isConst(a, 0) && (SHIFTS.has(inst.op) || inst.op === "udiv")) return a
  return cancel(inst, a, b)
}

/** (x op c1) op c2 is x op (c1 op c2). */
function joinConstants(inst: Binary & Inst, a: Value, c: bigint, ctx: Context): Value | undefined {
  if (!COMMUTATIVE.has(inst.op) || a.kind !== "inst" || a.op !== inst.op || a.args[1].kind !== "const") return undefined
  const type = inst.type as "i32" | "i64"
  return ctx.change({
    args: [a.args[0], constant(type, evalBinary(inst.op as Binary["op"], bitsOf(type), a.args[1].value, c))],
  })
}

/** What was added and taken away again. */
function cancel(inst: Inst, a: Value, b: Value): Value | undefined {
  if (inst.op === "sub" && a.kind === "inst" && a.op === "add") {
    if (a.args[0] === b) return a.args[1]
    if (a.args[1] === b) return a.args[0]
  }
  if (inst.op !== "add") return undefined
  if (a.kind === "inst" && a.op === "sub" && a.args[1] === b) return a.args[0]
  if (b.kind === "inst" && b.op === "sub" && b.args[1] === a) return b.args[0]
  return undefined
}

/** Rules for `a op c`. */
function withConstant(inst: Binary & Inst, a: Value, c: bigint, ctx: Context): Value | undefined {
  const type = inst.type as "i32" | "i64"
  const all = allOnes(inst)
  const power = log2(c)
  switch (inst.op) {
    case "sub":
      return c === 0n ? a : ctx.change({ op: "add", args: [a, constant(type, -c)] })
    case "add":
      return c === 0n ? a : undefined
    case "xor": {
      if (c === 0n) return a
      const test = c === 1n && type === "i32" ? testOf(a) : undefined
      return test === undefined
        ? undefined
        : ctx.change({ op: "cmp", pred: inversePredicate(test.pred), args: [...test.args] })
    }
    case "or":
      if (c === 0n || (c & ~ctx.known(a).ones) === 0n) return a
      return c === all ? constant(type, all) : undefined
    case "and": {
      const mask = ctx.mask(a)
      if ((mask & ~c) === 0n) return a
      return (mask & c) === 0n ? constant(type, 0) : undefined
    }
    case "mul":
      if (c === 0n) return constant(type, 0)
      if (c === 1n) return a
      return power === undefined ? undefined : ctx.change({ op: "shl", args: [a, constant(type, power)] })
    case "udiv":
      if (c === 0n) return constant(type, 0)
      if (c === 1n) return a
      return power === undefined ? undefined : ctx.change({ op: "lshr", args: [a, constant(type, power)] })
    case "urem":
      if (c === 0n) return a
      return power === undefined ? undefined : ctx.change({ op: "and", args: [a, constant(type, c - 1n)] })
    case "sdiv":
    case "srem":
      if (c === 1n) return inst.op === "sdiv" ? a : constant(type, 0)
      if (c === 0n) return inst.op === "sdiv" ? constant(type, 0) : a
      // Of two numbers that are not negative, the unsigned quotient is the same.
      if (c >> BigInt(bitsOf(type) - 1) !== 0n || !ctx.positive(a)) return undefined
      return ctx.change({ op: inst.op === "sdiv" ? "udiv" : "urem" })
    default:
      return shift(inst, a, c & BigInt(bitsOf(type) - 1), ctx)
  }
}

/** Shifts in one direction add up; a shift up and down again keeps the low bits. */
function shift(inst: Binary & Inst, a: Value, by: bigint, ctx: Context): Value | undefined {
  if (by === 0n) return a
  if (inst.op === "ashr" && ctx.positive(a)) return ctx.change({ op: "lshr" })
  const inner = a.kind === "inst" && SHIFTS.has(a.op) && a.args[1].kind === "const" ? a : undefined
  if (inner === undefined) return undefined
  const type = inst.type as "i32" | "i64"
  const bits = BigInt(bitsOf(type))
  const first = (inner.args[1] as { value: bigint }).value & (bits - 1n)
  const [x] = inner.args
  if (inner.op === inst.op) {
    const sum = first + by
    if (sum < bits) return ctx.change({ args: [x, constant(type, sum)] })
    return inst.op === "ashr" ? ctx.change({ args: [x, constant(type, bits - 1n)] }) : constant(type, 0)
  }
  if (first !== by) return undefined
  const low = bits - by
  if (inner.op === "shl" && inst.op === "lshr")
    return ctx.change({ op: "and", args: [x, constant(type, (1n << low) - 1n)] })
  if (inner.op === "shl" && (low === 8n || low === 16n || (low === 32n && bits === 64n))) {
    return ctx.change({ op: "sextin", bits: Number(low) as 8 | 16 | 32, args: [x] })
  }
  // Down and up again stays: the verifier knows the range of a shifted number better than that of a masked one.
  return undefined
}

function log2(c: bigint): number | undefined {
  if (c <= 0n || (c & (c - 1n)) !== 0n) return undefined
  return c.toString(2).length - 1
}
