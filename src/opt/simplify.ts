import {
  type Binary,
  type Block,
  bitsOf,
  type Compare,
  constant,
  evalBinary,
  evalByteSwap,
  evalCompare,
  evalSignExtend,
  type Inst,
  type IrFunction,
  i32,
  i64,
  inversePredicate,
  isConst,
  type Phi,
  reversePostOrder,
  sameValue,
  swappedPredicate,
  type Value,
  type ValueType,
} from "../ir/index.ts"
import { allOnes, possibleBits } from "./bits.ts"

/**
 * Local simplification: folds constants, applies identities, narrows conversions, brings operands into one order.
 *
 *     %2 = add i32 3, %1        →    %2 = add i32 %1, 3
 *     %3 = add i32 %2, 4             %3 = add i32 %1, 7
 *     %4 = mul i32 %3, 8             %4 = shl i32 %3, 3
 *
 * A rule gives another value, or changes the instruction in place. Rules never look at memory.
 */
export function simplify(func: IrFunction): boolean {
  const replaced = new Map<Value, Value>()
  const find = (v: Value): Value => {
    for (let next = replaced.get(v); next !== undefined; next = replaced.get(v)) v = next
    return v
  }
  let changed = false
  const patch = (args: Value[]) => {
    for (let i = 0; i < args.length; i++) {
      const to = find(args[i])
      if (to !== args[i]) {
        args[i] = to
        changed = true
      }
    }
  }
  const blocks = reversePostOrder(func)
  for (const block of blocks) {
    for (const phi of block.phis) {
      patch(phi.args)
      const same = onlyValue(phi)
      if (same !== undefined) replaced.set(phi, same)
    }
    const before = block.insts
    const made: Inst[] = []
    const ctx: Context = { func, block, made, changed: false }
    for (const inst of before) {
      patch(inst.args)
      const value = rule(inst, ctx)
      if (value !== undefined && value !== inst) replaced.set(inst, value)
      else made.push(inst)
    }
    if (ctx.changed || made.length !== before.length) changed = true
    block.insts = made
    patch(block.term.args)
    simplifyCondition(block)
  }
  if (replaced.size === 0) return changed
  // Values that come round a loop are named before they are simplified.
  for (const block of func.blocks) {
    block.phis = block.phis.filter(p => !replaced.has(p))
    for (const phi of block.phis) patch(phi.args)
    for (const inst of block.insts) patch(inst.args)
    patch(block.term.args)
  }
  return true
}

interface Context {
  readonly func: IrFunction
  readonly block: Block
  /** Instructions of the block so far. */
  readonly made: Inst[]
  /** Set when a rule changes an instruction in place. */
  changed: boolean
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

/** `br (cmp ne x, 0)` is `br x`; `br (cmp eq x, 0)` is `br x` with its targets exchanged. */
function simplifyCondition(block: Block): void {
  const { term } = block
  if (term.op !== "br") return
  for (let cond = term.args[0]; cond.kind === "inst"; cond = term.args[0]) {
    if (cond.op === "zext" || cond.op === "sext") {
      term.args[0] = cond.args[0]
    } else if (
      cond.op === "cmp" &&
      isConst(cond.args[1], 0) &&
      (cond.pred === "ne" || cond.pred === "eq") &&
      cond.args[0].type !== "ptr"
    ) {
      const [inner] = cond.args
      // A plain test of a word is best left to the branch itself; only a test of a test is dropped.
      if (!isBoolean(inner)) return
      term.args[0] = inner
      if (cond.pred === "eq") term.targets.reverse()
    } else return
  }
}

const isBoolean = (v: Value): boolean =>
  v.kind === "inst" && (v.op === "cmp" || (v.op === "zext" && isBoolean(v.args[0])))

function rule(inst: Inst, ctx: Context): Value | undefined {
  switch (inst.op) {
    case "ptradd":
      return pointer(inst, ctx)
    case "cmp":
      return compare(inst, ctx)
    case "select":
      return select(inst)
    case "zext":
    case "sext":
    case "trunc":
    case "ptrtoint":
    case "inttoptr":
      return convert(inst, ctx)
    case "sextin": {
      const [v] = inst.args
      if (v.kind === "const") return constant(v.type, evalSignExtend(inst.bits, bitsOf(v.type), v.value))
      if (possibleBits(v) >> BigInt(inst.bits - 1) === 0n) return v
      return v.kind === "inst" && v.op === "sextin" && v.bits <= inst.bits ? v : undefined
    }
    case "bswap": {
      const [v] = inst.args
      if (v.kind === "const") return constant(inst.type as ValueType, evalByteSwap(inst.bits, v.value))
      return v.kind === "inst" && v.op === "bswap" && v.bits === inst.bits ? v.args[0] : undefined
    }
    default:
      return "pred" in inst || !isBinary(inst) ? undefined : binary(inst, ctx)
  }
}

const BINARY = new Set(["add", "sub", "mul", "udiv", "sdiv", "urem", "srem", "and", "or", "xor", "shl", "lshr", "ashr"])
const isBinary = (inst: Inst): inst is Binary & Inst => BINARY.has(inst.op)
const COMMUTATIVE = new Set(["add", "mul", "and", "or", "xor"])
const SHIFTS = new Set(["shl", "lshr", "ashr"])
const ASSOCIATIVE = COMMUTATIVE

/** A new instruction in front of the one being looked at. */
function add(ctx: Context, parts: object): Inst {
  const inst = { kind: "inst", id: ctx.func.nextId++, block: ctx.block, span: undefined, ...parts } as unknown as Inst
  ctx.made.push(inst)
  ctx.changed = true
  return inst
}

/** Changes the instruction itself, which is then the value that a rule gives. */
function change(ctx: Context, inst: Inst, parts: object): Inst {
  Object.assign(inst, parts)
  ctx.changed = true
  return inst
}

function binary(inst: Binary & Inst, ctx: Context): Value | undefined {
  const type = inst.type as "i32" | "i64"
  const bits = bitsOf(type)
  if (inst.args[0].kind === "const" && inst.args[1].kind !== "const" && COMMUTATIVE.has(inst.op)) {
    change(ctx, inst, { args: [inst.args[1], inst.args[0]] })
  }
  const [a, b] = inst.args
  // With an undefined operand, any result that some value of it would give.
  if (b.kind === "undef" && SHIFTS.has(inst.op)) return a
  if (a.kind === "undef" || b.kind === "undef") return constant(type, inst.op === "or" ? -1 : 0)
  if (b.kind === "const") {
    if (a.kind === "const") return constant(type, evalBinary(inst.op, bits, a.value, b.value))
    const found = withConstant(inst, a, b.value, ctx)
    if (found !== undefined) return found
    // (x op c1) op c2 is x op (c1 op c2)
    if (ASSOCIATIVE.has(inst.op) && a.kind === "inst" && a.op === inst.op && a.args[1].kind === "const") {
      return change(ctx, inst, {
        args: [a.args[0], constant(type, evalBinary(inst.op, bits, a.args[1].value, b.value))],
      })
    }
    return undefined
  }
  if (a === b) {
    if (inst.op === "sub" || inst.op === "xor") return constant(type, 0)
    if (inst.op === "and" || inst.op === "or") return a
  }
  if (inst.op === "or" || inst.op === "xor" || inst.op === "add") {
    if (a.kind === "const" && a.value === 0n) return b
  }
  if (isConst(a, 0) && (inst.op === "shl" || inst.op === "lshr" || inst.op === "ashr" || inst.op === "udiv")) return a
  return undefined
}

/** Rules for `a op c`. */
function withConstant(inst: Binary & Inst, a: Value, c: bigint, ctx: Context): Value | undefined {
  const type = inst.type as "i32" | "i64"
  const bits = BigInt(bitsOf(type))
  const all = allOnes(inst)
  switch (inst.op) {
    case "sub":
      return c === 0n ? a : change(ctx, inst, { op: "add", args: [a, constant(type, -c)] })
    case "add":
    case "xor":
      return c === 0n ? a : undefined
    case "or":
      if (c === 0n) return a
      return c === all ? constant(type, all) : undefined
    case "and": {
      if (c === 0n) return constant(type, 0)
      const possible = possibleBits(a)
      if ((possible & ~c) === 0n) return a
      if ((possible & c) === 0n) return constant(type, 0)
      return undefined
    }
    case "mul": {
      if (c === 0n) return constant(type, 0)
      if (c === 1n) return a
      const log = log2(c)
      return log === undefined ? undefined : change(ctx, inst, { op: "shl", args: [a, constant(type, log)] })
    }
    case "udiv": {
      if (c === 0n) return constant(type, 0)
      if (c === 1n) return a
      const log = log2(c)
      return log === undefined ? undefined : change(ctx, inst, { op: "lshr", args: [a, constant(type, log)] })
    }
    case "urem": {
      if (c === 0n) return a
      return log2(c) === undefined ? undefined : change(ctx, inst, { op: "and", args: [a, constant(type, c - 1n)] })
    }
    case "sdiv":
      return c === 1n ? a : c === 0n ? constant(type, 0) : undefined
    case "srem":
      return c === 1n ? constant(type, 0) : c === 0n ? a : undefined
    default: {
      const by = c & (bits - 1n)
      if (by === 0n) return a
      if (inst.op !== "ashr" && ((inst.op === "shl" ? possibleBits(a) << by : possibleBits(a) >> by) & all) === 0n) {
        return constant(type, 0)
      }
      if (inst.op === "ashr" && possibleBits(a) >> (bits - 1n) === 0n) return change(ctx, inst, { op: "lshr" })
      return shiftOfShift(inst, a, by, ctx)
    }
  }
}

/** Shifts in one direction add up; a shift up and down again keeps low bits. */
function shiftOfShift(inst: Binary & Inst, a: Value, by: bigint, ctx: Context): Value | undefined {
  if (a.kind !== "inst" || a.args[1]?.kind !== "const") return undefined
  const type = inst.type as "i32" | "i64"
  const bits = BigInt(bitsOf(type))
  const inner = a.args[1].value & (bits - 1n)
  if (a.op === inst.op && (a.op === "shl" || a.op === "lshr")) {
    const sum = inner + by
    return sum >= bits ? constant(type, 0) : change(ctx, inst, { args: [a.args[0], constant(type, sum)] })
  }
  if (a.op === "shl" && inst.op === "lshr" && inner === by) {
    return change(ctx, inst, { op: "and", args: [a.args[0], constant(type, (1n << (bits - by)) - 1n)] })
  }
  if (a.op === "shl" && inst.op === "ashr" && inner === by) {
    const low = bits - by
    if (low === 8n || low === 16n || (low === 32n && bits === 64n)) {
      return change(ctx, inst, { op: "sextin", bits: Number(low), args: [a.args[0]] })
    }
  }
  return undefined
}

function log2(c: bigint): number | undefined {
  if (c <= 0n || (c & (c - 1n)) !== 0n) return undefined
  return c.toString(2).length - 1
}

function pointer(inst: Inst, ctx: Context): Value | undefined {
  const [base, by] = inst.args
  if (isConst(by, 0)) return base
  if (by.kind !== "const") return undefined
  if (base.kind === "const") return constant("ptr", base.value + by.value)
  if (base.kind === "inst" && base.op === "ptradd" && base.args[1].kind === "const") {
    const sum = base.args[1].value + by.value
    if (BigInt.asUintN(64, sum) === 0n) return base.args[0]
    return change(ctx, inst, { args: [base.args[0], i64(sum)] })
  }
  return undefined
}

function select(inst: Inst): Value | undefined {
  const [cond, then, other] = inst.args
  if (cond.kind === "const") return cond.value !== 0n ? then : other
  if (sameValue(then, other)) return then
  if (inst.type === "i32" && isConst(then, 1) && isConst(other, 0) && isBoolean(cond) && cond.type === "i32")
    return cond
  return undefined
}

function convert(inst: Inst, ctx: Context): Value | undefined {
  const [v] = inst.args
  if (v.kind === "const")
    return constant(inst.type as ValueType, inst.op === "sext" ? BigInt.asIntN(32, v.value) : v.value)
  if (v.kind === "undef") return constant(inst.type as ValueType, 0)
  if (v.kind !== "inst") return undefined
  switch (inst.op) {
    case "ptrtoint":
      return v.op === "inttoptr" ? v.args[0] : undefined
    case "inttoptr":
      return v.op === "ptrtoint" ? v.args[0] : undefined
    case "sext":
      if (possibleBits(v) >> 31n === 0n) return change(ctx, inst, { op: "zext" })
      return undefined
    case "zext":
      // zext (trunc x) is x when nothing is cut off, else a mask that a 32-bit move does for free
      return v.op === "trunc" && possibleBits(v.args[0]) >> 32n === 0n ? v.args[0] : undefined
    case "trunc":
      return narrow(v, ctx)
    default:
      return undefined
  }
}

const NARROWABLE = new Set(["add", "sub", "mul", "and", "or", "xor"])

/** What `trunc v` is without the 64-bit operation, when that is as cheap. */
function narrow(v: Inst, ctx: Context): Value | undefined {
  if (v.op === "zext" || v.op === "sext") return v.args[0]
  if (v.op === "and" && v.args[1].kind === "const" && (v.args[1].value & 0xffff_ffffn) === 0xffff_ffffn) {
    return narrowed(v.args[0], ctx)
  }
  if (!NARROWABLE.has(v.op) || !v.args.every(a => narrowed(a, undefined) !== undefined)) return undefined
  return add(ctx, { op: v.op, type: "i32", args: v.args.map(a => narrowed(a, undefined)!) })
}

/** The low half of a value, free of charge; with a context, at the cost of one more `trunc`. */
function narrowed(v: Value, ctx: Context | undefined): Value | undefined {
  if (v.kind === "const") return i32(v.value)
  if (v.kind === "inst" && (v.op === "zext" || v.op === "sext")) return v.args[0]
  return ctx === undefined || v.kind === "undef" ? undefined : add(ctx, { op: "trunc", type: "i32", args: [v] })
}

function compare(inst: Compare & Inst, ctx: Context): Value | undefined {
  if (inst.args[0].kind === "const" && inst.args[1].kind !== "const") {
    change(ctx, inst, { args: [inst.args[1], inst.args[0]], pred: swappedPredicate(inst.pred) })
  }
  const [a, b] = inst.args
  // An undefined operand may equal the other one.
  if (a.kind === "undef" || b.kind === "undef") return i32(evalCompare(inst.pred, 64, 0n, 0n) ? 1 : 0)
  if (a === b) return i32(evalCompare(inst.pred, 64, 0n, 0n) ? 1 : 0)
  if (b.kind !== "const") return sameExtension(inst, a, b, ctx)
  if (a.kind === "const") return i32(evalCompare(inst.pred, bitsOf(a.type), a.value, b.value) ? 1 : 0)
  if (isNonNull(a) && b.value === 0n && (inst.pred === "eq" || inst.pred === "ne"))
    return i32(inst.pred === "ne" ? 1 : 0)
  const decided = outOfRange(inst, a, b.value)
  if (decided !== undefined) return i32(decided ? 1 : 0)
  if (isBoolean(a) && (inst.pred === "eq" || inst.pred === "ne") && b.value <= 1n) {
    const test = a.kind === "inst" && a.op === "zext" ? a.args[0] : a
    if ((inst.pred === "ne") === (b.value === 0n)) return test
    const { pred, args } = test as Compare
    return change(ctx, inst, { pred: inversePredicate(pred), args: [...args] })
  }
  if (a.kind === "inst" && (a.op === "zext" || a.op === "sext")) return narrowCompare(inst, a, b.value, ctx)
  return undefined
}

/** Addresses that are never null. */
const isNonNull = (v: Value) =>
  v.kind === "inst" &&
  (v.op === "alloca" ||
    v.op === "mapaddr" ||
    v.op === "globaladdr" ||
    (v.op === "ptradd" && v.args[0].kind === "inst" && v.args[0].op === "alloca"))

/** A comparison that the possible bits decide. */
function outOfRange(inst: Compare, a: Value, c: bigint): boolean | undefined {
  const max = possibleBits(a)
  const sign = 1n << BigInt(bitsOf(a.type) - 1)
  switch (inst.pred) {
    case "eq":
      return (c & ~max) !== 0n ? false : undefined
    case "ne":
      return (c & ~max) !== 0n ? true : undefined
    case "ult":
      return c === 0n ? false : max < c ? true : undefined
    case "ule":
      return max <= c ? true : undefined
    case "ugt":
      return max <= c ? false : undefined
    case "uge":
      return c === 0n ? true : max < c ? false : undefined
    default: {
      // Signed, of a value that cannot be negative: as unsigned, or known at once.
      if (max >= sign) return undefined
      const negative = c >= sign
      const less = inst.pred === "slt" || inst.pred === "sle"
      if (negative) return !less
      if (inst.pred === "slt") return max < c ? true : c === 0n ? false : undefined
      if (inst.pred === "sge") return max < c ? false : c === 0n ? true : undefined
      if (inst.pred === "sle") return max <= c ? true : undefined
      return max <= c ? false : undefined
    }
  }
}

/** `cmp (ext a), (ext b)` compares the words themselves. */
function sameExtension(inst: Compare & Inst, a: Value, b: Value, ctx: Context): Value | undefined {
  if (a.kind !== "inst" || b.kind !== "inst" || a.op !== b.op || (a.op !== "zext" && a.op !== "sext")) return undefined
  const unsignedOf = { slt: "ult", sle: "ule", sgt: "ugt", sge: "uge" } as Record<string, string>
  const pred = a.op === "zext" ? (unsignedOf[inst.pred] ?? inst.pred) : inst.pred
  return change(ctx, inst, { pred, args: [a.args[0], b.args[0]] })
}

/** `cmp (ext a), c` compares the word when the constant is one of its values. */
function narrowCompare(inst: Compare & Inst, a: Inst, c: bigint, ctx: Context): Value | undefined {
  const low = c & 0xffff_ffffn
  const back = a.op === "zext" ? low : BigInt.asUintN(64, BigInt.asIntN(32, low))
  if (back !== c) return undefined
  if (a.op === "zext") {
    const signed = inst.pred.startsWith("s")
    const pred = signed ? inst.pred.replace("s", "u") : inst.pred
    return change(ctx, inst, { pred, args: [a.args[0], i32(low)] })
  }
  return change(ctx, inst, { args: [a.args[0], i32(low)] })
}
