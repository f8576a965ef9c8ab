import {
  type Block,
  bitsOf,
  constant,
  type Inst,
  type IrFunction,
  type Phi,
  replaceValues,
  Uses,
  type Value,
} from "../ir/index.ts"
import { boundsNothing } from "./bounds.ts"
import { Emitter } from "./emit.ts"

/** Instructions of a branch that chooses between two constants, or leaves out one instruction. */
const BRANCH = 3

/**
 * If-conversion: a branch that asks for one bit or for a sign, and only chooses a number, becomes arithmetic.
 *
 *     %2 = and i32 %1, 4
 *     br %2, b1, b2              →    %2 = lshr i32 %1, 2
 *     b1: jump b3                     %3 = and i32 %2, 1
 *     b2: jump b3
 *     b3: %3 = phi i32 [b1: 1], [b2: 0]
 *
 * The verifier walks what follows once and not twice. It knows less of the number then (0 to 1, not which), so that this is done only where no bound
 * hangs on it, and where the arithmetic has no more instructions than the branch.
 */
export function ifConvert(func: IrFunction): boolean {
  let uses: Uses | undefined
  const replaced = new Map<Value, Value>()
  const gone = new Set<Block>()
  for (const join of func.blocks) {
    const choice = choiceAt(join)
    if (choice === undefined) continue
    uses ??= new Uses(func)
    const { head, arms, phi } = choice
    const from = new Emitter(func, head)
    from.span = head.term.span
    const value = arithmetic(choice, uses, from)
    if (value === undefined) continue
    uses.drop(head.term)
    for (const one of join.phis) replaced.set(one, one === phi ? value : one.args[0])
    for (const arm of arms) gone.add(arm)
    head.insts.push(...from.insts)
    head.term = { kind: "term", op: "jump", args: [], targets: [join], span: head.term.span }
    for (const inst of from.insts) uses.add(inst)
    // What used the choice uses the number: its own uses are looked at through it.
    for (const { user, index } of [...uses.of(phi)]) uses.set(user, index, value)
    join.phis = []
    join.preds = [head]
  }
  if (replaced.size === 0) return false
  func.blocks = func.blocks.filter(block => !gone.has(block))
  replaceValues(func, replaced)
  return true
}

interface Choice {
  readonly head: Block
  readonly condition: Value
  /** Blocks between the branch and the place where its ways meet. */
  readonly arms: readonly Block[]
  readonly phi: Phi
  readonly ifTrue: Value
  readonly ifFalse: Value
}

/** A branch whose ways meet again in `join` at once, with one value that differs. */
function choiceAt(join: Block): Choice | undefined {
  if (join.preds.length !== 2 || join.phis.length === 0) return undefined
  const [a, b] = join.preds
  const head = a.term.op === "br" ? a : b.term.op === "br" ? b : a.preds[0]
  if (head === undefined || head === join || head.term.op !== "br") return undefined
  const arms = join.preds.filter(pred => pred !== head)
  const isArm = (arm: Block) => arm.preds.length === 1 && arm.preds[0] === head && arm.term.op === "jump"
  if (arms.length === 0 || !arms.every(isArm)) return undefined
  const [then, other] = head.term.targets
  if (then === other) return undefined
  const differing = join.phis.filter(phi => phi.args[0] !== phi.args[1])
  if (differing.length !== 1 || differing[0].type === "ptr") return undefined
  const [phi] = differing
  const along = (target: Block): Value => phi.args[phi.incoming.indexOf(target === join ? head : target)]
  return { head, condition: head.term.args[0], arms, phi, ifTrue: along(then), ifFalse: along(other) }
}

/** A condition that one bit decides. */
interface BitTest {
  readonly of: Value
  readonly bit: number
  /** It holds where the bit is not set. */
  readonly negated: boolean
  /** Uses that go away with the branch. */
  readonly by: Inst
}

function bitTest(condition: Value): BitTest | undefined {
  if (condition.kind !== "inst") return undefined
  const [of, limit] = condition.args
  if (limit?.kind !== "const" || (of.type !== "i32" && of.type !== "i64")) return undefined
  if (condition.op === "and") {
    const bit = bitOf(limit.value)
    return bit === undefined ? undefined : { of, bit, negated: false, by: condition }
  }
  if (condition.op !== "cmp") return undefined
  const { pred } = condition
  const bit = bitsOf(of.type) - 1
  const signed = BigInt.asIntN(bit + 1, limit.value)
  if ((pred === "slt" && signed === 0n) || (pred === "sle" && signed === -1n))
    return { of, bit, negated: false, by: condition }
  if ((pred === "sge" && signed === 0n) || (pred === "sgt" && signed === -1n))
    return { of, bit, negated: true, by: condition }
  return undefined
}

/** The chosen number without the branch; undefined where that is longer, or where a bound may hang on it. */
function arithmetic({ condition, arms, phi, ...values }: Choice, uses: Uses, to: Emitter): Value | undefined {
  const test = bitTest(condition)
  if (test === undefined) return undefined
  const [set, clear] = test.negated ? [values.ifFalse, values.ifTrue] : [values.ifTrue, values.ifFalse]
  const extra = arms.flatMap(({ insts }) => insts)
  // The bit's word is copied where it is needed on.
  const room = BRANCH - (uses.of(test.of).some(({ user }) => user !== test.by) ? 1 : 0)
  const type = phi.type as "i32" | "i64"
  const plan =
    extra.length === 0 && set.kind === "const" && clear.kind === "const"
      ? between(test, signedValue(set), signedValue(clear))
      : extra.length === 1 && !test.negated
        ? oneBitMore(test, extra[0], set, clear, phi, uses)
        : undefined
  if (plan === undefined || plan.size > room) return undefined
  if (!boundsNothing(phi, uses, !plan.negative)) return undefined
  return plan.make(to, type)
}

/** Arithmetic, and as many instructions as it has. */
interface Plan {
  readonly size: number
  /** It may give numbers below zero: whoever asks for bounds of a result reads them in its own way. */
  readonly negative: boolean
  make(to: Emitter, type: "i32" | "i64"): Value
}

/** One of two constants. */
function between(test: BitTest, set: bigint, clear: bigint): Plan | undefined {
  if (!fits(set) || !fits(clear) || !fits(set - clear)) return undefined
  const isSign = test.bit === bitsOf(test.of.type as "i32" | "i64") - 1
  const difference = bitOf(set ^ clear)
  const step = bitOf(set - clear)
  if (difference !== undefined || step !== undefined) {
    const mask = moved(test, (difference ?? step) as number)
    if (mask === undefined) return undefined
    const op = difference === undefined ? "add" : "xor"
    const base = clear
    return {
      size: mask.size + (base === 0n ? 0 : 1),
      negative: set < 0n || clear < 0n,
      make: (to, type) => {
        const bit = mask.make(to, type)
        return base === 0n ? bit : to.binary(op, bit, constant(type, base))
      },
    }
  }
  if (!isSign) return undefined
  const width = set - clear
  const word = test.of.type as "i32" | "i64"
  return {
    size: 1 + (width === -1n ? 0 : 1) + (clear === 0n ? 0 : 1),
    negative: set < 0n || clear < 0n,
    make: (to, type) => {
      const all = to.binary("ashr", test.of, constant(word, test.bit))
      const sign = word === type ? all : type === "i64" ? to.sext(all) : to.convert(all, type)
      const part = width === -1n ? sign : to.and(sign, width)
      return clear === 0n ? part : to.binary("add", part, constant(type, clear))
    },
  }
}

/** A number, or the same with one bit set: `if (flags & 4) seen |= 16`. */
function oneBitMore(test: BitTest, inst: Inst, set: Value, clear: Value, phi: Phi, uses: Uses): Plan | undefined {
  if (inst !== set || inst.op !== "or" || inst.args[0] !== clear || uses.count(inst) !== 1) return undefined
  const [, limit] = inst.args
  const bit = limit.kind === "const" ? bitOf(limit.value) : undefined
  const mask = bit === undefined ? undefined : moved(test, bit)
  if (mask === undefined || phi.type === "ptr") return undefined
  return {
    size: mask.size + 1,
    negative: false,
    make: (to, type) => to.binary("or", clear, mask.make(to, type)),
  }
}

/** The bit that is tested, in another place and alone. */
function moved({ of, bit }: BitTest, place: number): Plan | undefined {
  const word = of.type as "i32" | "i64"
  const bits = bitsOf(word)
  if (place > 30 || place >= bits) return undefined
  const isLast = place === 0 && bit === bits - 1
  return {
    size: (bit === place ? 0 : 1) + (isLast ? 0 : 1),
    negative: false,
    make: (to, type) => {
      let v = of
      if (bit > place) v = to.binary("lshr", v, constant(word, bit - place))
      else if (bit < place) v = to.binary("shl", v, constant(word, place - bit))
      if (!isLast) v = to.and(v, 1n << BigInt(place))
      return to.convert(v, type)
    },
  }
}

const signedValue = (v: Value & { kind: "const" }): bigint => BigInt.asIntN(v.type === "i32" ? 32 : 64, v.value)

/** Whether an instruction takes a number as it is. */
const fits = (value: bigint): boolean => BigInt.asIntN(32, value) === value

/** The place of the one bit of a number; undefined where it has none or several. */
function bitOf(value: bigint): number | undefined {
  return value > 0n && (value & (value - 1n)) === 0n ? value.toString(2).length - 1 : undefined
}
