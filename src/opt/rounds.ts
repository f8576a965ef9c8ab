import {
  type Block,
  bitsOf,
  constant,
  evalBinary,
  evalCompare,
  evalSignExtend,
  type Inst,
  isBinary,
  type Loop,
  type Phi,
  sameValue,
  type Value,
} from "../ir/index.ts"
import { placeOf } from "./pointers.ts"

/** A number, or so many bytes behind a pointer that does not change in the loop. */
interface Known {
  readonly base: Value | undefined
  readonly value: bigint
}
/** Values of one round; undefined for what is not known. */
type Round = Map<Value, Known | undefined>

/** What is known of how a loop ends. */
export interface Rounds {
  /** How often it goes back to its header. */
  readonly back: number
  /** The block whose branch leaves the loop in the last round. */
  readonly exit: Block
  /** Whether a value of the loop is the same constant, or the same place, whatever the round's other values are. */
  readonly isKnown: (v: Value) => boolean
}

/**
 * How often a loop goes back to its header, found by running what its exit tests depend on, numbers and pointers that count; undefined when
 * that does not follow from constants, or is more than `most`.
 */
export function countRounds(loop: Loop, most: number): Rounds | undefined {
  const { header } = loop
  const outside = header.preds.filter(p => !loop.blocks.has(p))
  if (outside.length !== 1 || loop.latches.length === 0 || !canLeave(loop)) return undefined
  let state: Round = new Map()
  const start = (phi: Phi): Known | undefined => {
    const v = phi.args[phi.incoming.indexOf(outside[0])]
    return v.kind === "inst" || v.kind === "phi" || v.kind === "param" ? pointer(v) : evaluate(v, new Map(), loop)
  }
  for (const phi of header.phis) state.set(phi, start(phi))
  let first: Round | undefined
  for (let back = 0; back <= most; back++) {
    const values: Round = new Map(state)
    const next = runOnce(loop, values)
    first ??= values
    if (next === undefined) return undefined
    if ("exit" in next) {
      const known = first
      return { back, exit: next.exit, isKnown: v => evaluate(v, known, loop) !== undefined }
    }
    const after: Round = new Map()
    for (const phi of header.phis) after.set(phi, evaluate(phi.args[phi.incoming.indexOf(next.latch)], values, loop))
    state = after
  }
  return undefined
}

/** Whether the test of an exit may be known in a round; where none can, no round need be run. */
function canLeave(loop: Loop): boolean {
  // Values on the way to themselves are taken for known: that says too much at worst.
  const seen = new Map<Value, boolean>()
  const canBeKnown = (v: Value): boolean => {
    if (v.kind === "const") return true
    if (v.kind === "undef") return false
    if (v.kind === "param" || !loop.blocks.has(v.block)) return v.type === "ptr"
    let known = seen.get(v)
    if (known === undefined) {
      seen.set(v, true)
      known = v.kind === "phi" ? v.args.some(canBeKnown) : isComputed(v) && v.args.every(canBeKnown)
      seen.set(v, known)
    }
    return known
  }
  for (const { term } of loop.blocks) {
    if (term.op === "br" && term.targets.some(t => !loop.blocks.has(t)) && canBeKnown(term.args[0])) return true
  }
  return false
}

/** Operations that {@link compute} knows. */
function isComputed(inst: Inst): boolean {
  switch (inst.op) {
    case "ptradd":
    case "cmp":
    case "zext":
    case "ptrtoint":
    case "inttoptr":
    case "sext":
    case "trunc":
    case "sextin":
      return true
    default:
      return isBinary(inst)
  }
}

function pointer(v: Value): Known | undefined {
  if (v.type !== "ptr") return undefined
  const { base, offset } = placeOf(v)
  return offset === undefined ? { base: v, value: 0n } : { base, value: constant("i64", offset).value }
}

/** Follows one round of a loop: the latch it goes back from, or the block where it surely leaves; undefined when neither is sure. */
function runOnce(loop: Loop, values: Round): { latch: Block } | { exit: Block } | undefined {
  // Only exits that are taken for sure count; other branches must all come back to a single latch.
  let block: Block = loop.header
  const seen = new Set<Block>()
  for (;;) {
    if (seen.has(block)) return undefined
    seen.add(block)
    const { term } = block
    if (term.op === "jump") {
      if (term.targets[0] === loop.header) return { latch: block }
      if (!loop.blocks.has(term.targets[0])) return { exit: block }
      block = term.targets[0]
      for (const phi of block.phis) values.set(phi, undefined)
      continue
    }
    if (term.op !== "br") return { exit: block }
    const cond = evaluate(term.args[0], values, loop)
    if (cond !== undefined && cond.base === undefined) {
      const to: Block = term.targets[cond.value !== 0n ? 0 : 1]
      if (to === loop.header) return { latch: block }
      if (!loop.blocks.has(to)) return { exit: block }
      for (const phi of to.phis) {
        const at = phi.incoming.indexOf(block)
        values.set(phi, at < 0 ? undefined : evaluate(phi.args[at], values, loop))
      }
      block = to
      continue
    }
    // Not known: an early exit, or paths inside the loop that meet again. The last latch tells.
    const inside = term.targets.filter(t => loop.blocks.has(t) && t !== loop.header)
    if (inside.length === 1 && !loop.blocks.has(term.targets[0] === inside[0] ? term.targets[1] : term.targets[0])) {
      block = inside[0]
      for (const phi of block.phis) values.set(phi, undefined)
      continue
    }
    const meet = meeting(term.targets as Block[], loop)
    if (meet === undefined) {
      return term.targets.includes(loop.header) && inside.length === 0 ? { latch: block } : undefined
    }
    if (meet === loop.header) return loop.latches.length === 1 ? { latch: loop.latches[0] } : undefined
    block = meet
    for (const phi of block.phis) values.set(phi, undefined)
  }
}

/** The first block of the loop that all paths from two blocks go through; ways out of the loop aside. */
function meeting(starts: readonly Block[], loop: Loop): Block | undefined {
  const reach = (from: Block): Block[] => {
    const order: Block[] = [from]
    const seen = new Set<Block>(order)
    for (const b of order) {
      if (b === loop.header) continue
      for (const t of b.term.targets) {
        if (!loop.blocks.has(t) || seen.has(t)) continue
        seen.add(t)
        order.push(t)
      }
    }
    return order
  }
  const avoids = (from: Block, without: Block): boolean => {
    if (from === without) return false
    const seen = new Set<Block>([from])
    const work = [from]
    for (let b = work.pop(); b !== undefined; b = work.pop()) {
      if (b === loop.header) return true
      for (const t of b.term.targets) {
        if (t === without || !loop.blocks.has(t) || seen.has(t)) continue
        seen.add(t)
        work.push(t)
      }
    }
    return false
  }
  const inside = starts.filter(s => loop.blocks.has(s))
  if (inside.length === 0) return undefined
  const others = inside.slice(1).map(s => new Set(reach(s)))
  return reach(inside[0]).find(
    b => others.every(o => o.has(b)) && (b === loop.header || inside.every(s => !avoids(s, b))),
  )
}

/** A value in one round, where it follows from the constants of that round. */
function evaluate(v: Value, values: Round, loop: Loop): Known | undefined {
  if (v.kind === "const") return { base: undefined, value: v.value }
  if (values.has(v)) return values.get(v)
  if (v.kind === "undef") return undefined
  if (v.kind === "param" || !loop.blocks.has(v.block)) return pointer(v)
  if (v.kind === "phi") return undefined
  values.set(v, undefined)
  const result = compute(
    v,
    v.args.map(a => evaluate(a, values, loop)),
  )
  values.set(v, result)
  return result
}

function compute(inst: Inst, args: readonly (Known | undefined)[]): Known | undefined {
  const [a, b] = args
  if (a === undefined || (inst.args.length > 1 && b === undefined)) return undefined
  const number = (value: bigint): Known => ({ base: undefined, value })
  if (inst.op === "ptradd" && b?.base === undefined)
    return { base: a.base, value: constant("i64", a.value + b!.value).value }
  if (inst.op === "cmp") {
    // Of two places behind one pointer, the distances are compared: none of them wraps round.
    if ((a.base === undefined) !== (b!.base === undefined)) return undefined
    if (a.base === undefined)
      return number(evalCompare(inst.pred, bitsOf(inst.args[0].type), a.value, b!.value) ? 1n : 0n)
    if (!sameValue(a.base, b!.base!) || inst.pred[0] === "s") return undefined
    const distance = BigInt.asIntN(64, a.value)
    return number(evalCompare(inst.pred, 64, flip(distance), flip(BigInt.asIntN(64, b!.value))) ? 1n : 0n)
  }
  if (a.base !== undefined || b?.base !== undefined) return undefined
  switch (inst.op) {
    case "zext":
    case "ptrtoint":
    case "inttoptr":
      return a
    case "sext":
      return number(constant("i64", BigInt.asIntN(32, a.value)).value)
    case "trunc":
      return number(constant("i32", a.value).value)
    case "sextin":
      return number(evalSignExtend(inst.bits, bitsOf(inst.type), a.value))
    default:
      return isBinary(inst) ? number(evalBinary(inst.op, bitsOf(inst.type), a.value, b!.value)) : undefined
  }
}

/** Signed distances in the order of unsigned numbers. */
const flip = (distance: bigint): bigint => BigInt.asUintN(64, distance + (1n << 63n))
