import {
  type Block,
  findLoops,
  type Inst,
  type IrFunction,
  type Load,
  type Loop,
  removeUnreachable,
  type Store,
  type Value,
} from "../ir/index.ts"
import { demote } from "./demote.ts"
import { gather, membersOf, peel, repeatBody } from "./loopCopy.ts"
import { mem2reg } from "./mem2reg.ts"
import { isAlloca, placeOf } from "./pointers.ts"
import { countRounds, type Rounds } from "./rounds.ts"
import { weight } from "./weight.ts"

/** Neither more rounds than this are unrolled on request, nor more instructions made. */
const MOST_ROUNDS = 1024
const MOST_INSTS = 100_000
/** Loops that are unrolled unasked, times the function's blocks: each is looked for among them. */
const MOST_WORK = 20_000_000
/** What nobody asked for: so many rounds are counted, */
const ROUNDS_UNASKED = 64
/** so much larger may the code become, */
const GROWTH = 2
/** so large where many small stores become few, */
const LARGEST_FILL = 64
/** and so large where the verifier follows constant addresses only. */
const LARGEST_STRICT = 400

/**
 * Unrolling: a loop whose number of rounds follows from constants is written out round by round; constant folding then removes its tests.
 *
 *     b1: %i = phi i32 [b0: 0], [b1: %j]     →    b1: … jump b1'
 *         %j = add i32 %i, 1                      b1': … jump b1''
 *         %c = cmp ult i32 %j, 3                  b1'': … jump b2
 *         br %c, b1, b2
 *
 * `#pragma unroll` asks for that, `#pragma unroll N` for N rounds before the loop goes back; without, it is done where the code hardly grows, or
 * where the loop walks through memory. A loop that cannot be counted stays a loop.
 */
export function unroll(func: IrFunction): boolean {
  let changed = removeUnreachable(func)
  for (const loop of findLoops(func).loops) changed = oneWayIn(func, loop) || changed
  const seen = new Set<Block>()
  let unasked = Math.floor(MOST_WORK / func.blocks.length)
  for (;;) {
    const plan: Plan[] = []
    const taken = new Set<Block>()
    for (const loop of findLoops(func).loops) {
      if (seen.has(loop.header) || touches(loop, taken)) continue
      seen.add(loop.header)
      const asked = loop.header.unroll !== undefined
      if (!asked && unasked <= 0) continue
      const made = planOf(func, loop)
      if (made === undefined) continue
      if (!asked) unasked--
      plan.push(made)
      for (const block of loop.blocks) taken.add(block)
    }
    if (plan.length === 0) return changed
    unrollLoops(func, plan)
    changed = true
  }
}

/** Whether a loop is part of others, or one way away from them. */
function touches({ header, blocks }: Loop, others: ReadonlySet<Block>): boolean {
  if (others.size === 0) return false
  if (header.preds.some(pred => others.has(pred))) return true
  for (const block of blocks) if (others.has(block) || block.term.targets.some(to => others.has(to))) return true
  return false
}

/** Gives a loop that is to be unrolled a single way in. */
function oneWayIn(func: IrFunction, { header, blocks }: Loop): boolean {
  const outside = header.preds.filter(p => !blocks.has(p))
  if (header.unroll === undefined || header.unroll === 1 || outside.length < 2) return false
  func.blocks.splice(func.blocks.indexOf(header), 0, gather(func, header, outside))
  return true
}

/** What becomes of a loop. */
interface Plan {
  readonly loop: Loop
  readonly rounds: Rounds
  /** As many rounds are done before the loop goes back; undefined for all of them. */
  readonly part: number | undefined
}

function planOf(func: IrFunction, loop: Loop): Plan | undefined {
  const { header } = loop
  const { unroll: wish } = header
  header.unroll = undefined
  if (wish === 1) return undefined
  const rounds = countRounds(loop, wish === undefined ? ROUNDS_UNASKED : MOST_ROUNDS)
  if (rounds === undefined) return undefined
  const { back } = rounds
  const size = sizeOf(loop, () => true)
  if (typeof wish === "number" && wish <= back) {
    return size * wish > MOST_INSTS ? undefined : { loop, rounds, part: wish }
  }
  const asked = wish !== undefined || (func.role === "program" && walksContext(loop))
  if (!asked ? !worthwhile(loop, rounds) : size * back > MOST_INSTS) return undefined
  return { loop, rounds, part: undefined }
}

/** Unrolls loops that have nothing to do with each other: what looks at the whole function is done once for all of them. */
function unrollLoops(func: IrFunction, plan: readonly Plan[]): void {
  const loopOf = new Map<Block, Loop>()
  for (const { loop } of plan) for (const block of loop.blocks) loopOf.set(block, loop)
  demote(func, loopOf.keys(), (use, definition) => loopOf.get(use) === loopOf.get(definition))
  for (const { loop, rounds, part } of plan) {
    const members = membersOf(func, loop)
    const made: Block[] = []
    if (part !== undefined) {
      made.push(...repeatBody(func, loop, part, rounds.exit, rounds.back % part))
      const end = func.blocks.indexOf(members[members.length - 1])
      func.blocks.splice(end + 1, 0, ...made)
      continue
    }
    // One copy more than there are ways back: the last one is known to leave, and the loop itself is never reached.
    for (let i = 0; i <= rounds.back; i++) made.push(...peel(func, loop, members))
    func.blocks.splice(func.blocks.indexOf(loop.header), 0, ...made)
  }
  removeUnreachable(func)
  mem2reg(func)
}

function sizeOf(loop: Loop, counts: (inst: Inst) => boolean): number {
  let size = 0
  for (const block of loop.blocks) {
    size += block.phis.length + 1
    for (const inst of block.insts) if (counts(inst)) size += weight(inst)
  }
  return size
}

/** Whether a loop goes through a program's context: the verifier takes constant offsets in it only. */
function walksContext(loop: Loop): boolean {
  for (const block of loop.blocks) {
    for (const inst of block.insts) {
      if (inst.op !== "load" && inst.op !== "store") continue
      const { base, offset } = placeOf(inst.args[0])
      if (base.kind === "param" && offset === undefined) return true
      const moves = base.kind === "phi" && base.block === loop.header
      if (moves && base.args.some(arg => placeOf(arg).base.kind === "param")) return true
    }
  }
  return false
}

/** Whether a loop that nobody asks to be unrolled is better without its tests. */
function worthwhile(loop: Loop, { back, exit, isKnown }: Rounds): boolean {
  if (back === 0) return true
  let rest = 0
  let most = sizeOf(loop, () => true) + GROWTH
  for (const block of loop.blocks) {
    if (block.term.op === "br" && !isKnown(block.term.args[0])) rest++
    for (const inst of block.insts) {
      const known = isKnown(inst)
      if (!known) rest += weight(inst)
      if (inst.op === "load" || inst.op === "store") most = Math.max(most, constantAddress(inst, loop, isKnown))
    }
  }
  // The test of a loop at its top runs once more than the rest.
  const written = rest * (exit === loop.header && loop.blocks.size > 1 ? back : back + 1)
  return written <= most
}

/**
 * How large a loop may become for an address that moves with the rounds to be a constant: in the context, which is read at constant offsets only, in a packet,
 * where a test of the end covers those only, and where constants are put into a local one after the other.
 */
function constantAddress(inst: (Load | Store) & Inst, loop: Loop, isKnown: (v: Value) => boolean): number {
  const { base, offset } = placeOf(inst.args[0])
  if (isAlloca(base)) return offset === undefined && inst.op === "store" && isKnown(inst.args[1]) ? LARGEST_FILL : 0
  const moves = base.kind === "phi" && base.block === loop.header
  const strict = moves
    ? base.args.some((arg, i) => !loop.blocks.has(base.incoming[i]) && isStrict(placeOf(arg).base))
    : offset === undefined && isStrict(base)
  return strict ? LARGEST_STRICT : 0
}

/** The context, or what leads to a packet. */
const isStrict = (base: Value): boolean => base.kind === "param" || isPacket(base)

/** A pointer that the context gives as 32 bits: only those to packets are. */
function isPacket(base: Value): boolean {
  let v = base
  while (v.kind === "inst" && (v.op === "inttoptr" || v.op === "zext")) v = v.args[0]
  return v !== base && v.kind === "inst" && v.op === "load" && v.width === 4 && placeOf(v.args[0]).base.kind === "param"
}
