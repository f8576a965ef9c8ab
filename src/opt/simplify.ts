import {
  type Block,
  type Inst,
  type IrFunction,
  isBinary,
  isConst,
  type Phi,
  Replacements,
  reversePostOrder,
  sameValue,
  type Value,
} from "../ir/index.ts"
import { binary } from "./rules/binary.ts"
import { testOf } from "./rules/boolean.ts"
import { compare } from "./rules/compare.ts"
import { Context } from "./rules/context.ts"
import { byteSwap, convert, signExtend } from "./rules/convert.ts"
import { fill, packet, pointer, store } from "./rules/memory.ts"
import { select } from "./rules/select.ts"

/**
 * Local simplification: folds constants, applies identities, narrows conversions, brings operands into one order.
 *
 *     %2 = add i32 3, %1        →    %3 = add i32 %1, 7
 *     %3 = add i32 %2, 4             %4 = shl i32 %3, 3
 *     %4 = mul i32 %3, 8
 *
 * A rule gives another value, or changes the instruction in place. Rules look at operands and at what is known of their bits, never at
 * memory. Blocks are gone through once, each after those before it.
 */
export function simplify(func: IrFunction): boolean {
  const replaced = new Replacements(func)
  const ctx = new Context(func)
  for (const block of reversePostOrder(func)) {
    for (const phi of block.phis) {
      replaced.patch(phi.args)
      const same = onlyValue(phi)
      if (same !== undefined) replaced.set(phi, same)
    }
    ctx.enter(block)
    for (const inst of block.insts) {
      replaced.patch(inst.args)
      ctx.at = inst
      const value = rule(inst, ctx) ?? (isPure(inst) ? ctx.constant(inst) : undefined)
      if (value !== undefined && value !== inst) replaced.set(inst, value)
      else ctx.push(inst)
    }
    block.insts = ctx.leave()
    replaced.patch(block.term.args)
    if (condition(block)) ctx.changed = true
  }
  if (replaced.size === 0) return ctx.changed
  for (const block of func.blocks) {
    if (block.phis.some(p => replaced.has(p))) block.phis = block.phis.filter(p => !replaced.has(p))
  }
  // Values that come round a loop are named before they are simplified.
  replaced.apply(func)
  return true
}

/** The one value that a phi can have, itself and undef aside. */
function onlyValue(phi: Phi): Value | undefined {
  let only: Value | undefined
  for (const arg of phi.args) {
    if (arg === phi || arg.kind === "undef") continue
    if (only !== undefined && !sameValue(only, arg)) return undefined
    only = arg
  }
  // With undef among the values, only a constant surely dominates the phi.
  if (only === undefined) return phi.args[0] === phi || phi.args.length === 0 ? undefined : phi.args[0]
  return only.kind === "const" || !phi.args.some(a => a.kind === "undef") ? only : undefined
}

/**
 * `br (cmp ne t, 0)` of a test is `br t`, `br (cmp eq t, 0)` is `br t` with its targets exchanged. A plain comparison with zero is left: the
 * branch does it.
 */
function condition(block: Block): boolean {
  const { term } = block
  if (term.op !== "br") return false
  let changed = false
  for (let cond = term.args[0]; cond.kind === "inst"; cond = term.args[0]) {
    if (cond.op === "zext" || cond.op === "sext") {
      term.args[0] = cond.args[0]
    } else if (cond.op === "cmp" && isConst(cond.args[1], 0) && testOf(cond.args[0]) !== undefined) {
      if (cond.pred !== "eq" && cond.pred !== "ne") break
      term.args[0] = cond.args[0]
      if (cond.pred === "eq") term.targets.reverse()
    } else break
    changed = true
  }
  return changed
}

function rule(inst: Inst, ctx: Context): Value | undefined {
  switch (inst.op) {
    case "ptradd":
      return pointer(inst, ctx)
    case "ldpacket":
      return packet(inst, ctx)
    case "store":
      return store(inst, ctx)
    case "memset":
      return fill(inst, ctx)
    case "cmp":
      return compare(inst, ctx)
    case "select":
      return select(inst, ctx)
    case "zext":
    case "sext":
    case "trunc":
    case "ptrtoint":
    case "inttoptr":
      return convert(inst, ctx)
    case "sextin":
      return signExtend(inst, ctx)
    case "bswap":
      return byteSwap(inst, ctx)
    default:
      return isBinary(inst) ? binary(inst, ctx) : undefined
  }
}

/** Whether an instruction is nothing but its value. */
const isPure = (inst: Inst) => "pred" in inst || inst.op === "select" || inst.op === "sextin" || BINARY.has(inst.op)
const BINARY = new Set(["add", "sub", "mul", "and", "or", "xor", "shl", "lshr", "ashr", "zext", "sext", "trunc"])
