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
import { gather, peel, repeatBody } from "./loopCopy.ts"
import { mem2reg } from "./mem2reg.ts"
import { isAlloca, placeOf } from "./pointers.ts"
import { countRounds, type Rounds } from "./rounds.ts"
import { weight } from "./weight.ts"

/** Neither more rounds than this are unrolled on request, nor more instructions made. */
const MOST_ROUNDS = 1024
const MOST_INSTS = 100_000
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
  for (;;) {
    const plans = choose(func, seen)
    if (plans.length === 0) return changed
    writeOut(func, plans)
    changed = true
  }
}

/** A loop to unroll: `rounds` copies of it instead of it, or `repeat` rounds before it goes back. */
interface Plan {
  readonly loop: Loop
  readonly rounds: Rounds
  readonly repeat: number | undefined
}

/** Loops that can be unrolled at once: a loop around one of them waits for the next time. */
function choose(func: IrFunction, seen: Set<Block>): Plan[] {
  const plans: Plan[] = []
  const waits = new Set<Loop>()
  for (const loop of findLoops(func).loops) {
    const wait = waits.has(loop)
    const plan = wait || seen.has(loop.header) ? undefined : planFor(func, loop)
    if (!wait) seen.add(loop.header)
    if (plan !== undefined) plans.push(plan)
    if ((wait || plan !== undefined) && loop.parent !== undefined) waits.add(loop.parent)
  }
  return plans
}

/** Gives a loop that is to be unrolled a single way in. */
function oneWayIn(func: IrFunction, { header, blocks }: Loop): boolean {
  const outside = header.preds.filter(p => !blocks.has(p))
  if (header.unroll === undefined || header.unroll === 1 || outside.length < 2) return false
  func.blocks.splice(func.blocks.indexOf(header), 0, gather(func, header, outside))
  return true
}

function planFor(func: IrFunction, loop: Loop): Plan | undefined {
  const { header } = loop
  const { unroll: wish } = header
  header.unroll = undefined
  if (wish === 1) return undefined
  const rounds = countRounds(loop, wish === undefined ? ROUNDS_UNASKED : MOST_ROUNDS)
  if (rounds === undefined) return undefined
  const { back } = rounds
  const size = sizeOf(loop, () => true)
  if (typeof wish === "number" && wish <= back)
    return size * wish > MOST_INSTS ? undefined : { loop, rounds, repeat: wish }
  const asked = wish !== undefined || (func.role === "program" && walksContext(loop))
  if (!asked ? !worthwhile(loop, rounds) : size * back > MOST_INSTS) return undefined
  return { loop, rounds, repeat: undefined }
}

/** Writes loops out, none of which is inside another one. */
function writeOut(func: IrFunction, plans: readonly Plan[]): void {
  const loopOf = new Map<Block, Loop>()
  for (const { loop } of plans) for (const block of loop.blocks) loopOf.set(block, loop)
  // What one loop hands on to another one is a value behind it.
  const between = new Map<Block, Block>()
  for (const { loop } of plans) {
    const { header } = loop
    const entry = header.preds.find(p => !loop.blocks.has(p))!
    if (loopOf.has(entry)) between.set(header, gather(func, header, [entry]))
  }
  if (between.size > 0)
    func.blocks = func.blocks.flatMap(block => (between.has(block) ? [between.get(block)!, block] : [block]))
  demote(func, loopOf.keys(), (use, definition) => loopOf.get(use) === loopOf.get(definition))
  const members = new Map<Loop, Block[]>(plans.map(({ loop }) => [loop, []]))
  for (const block of func.blocks) members.get(loopOf.get(block)!)?.push(block)
  const before = new Map<Block, Block[]>()
  const behind = new Map<Block, Block[]>()
  for (const { loop, rounds, repeat } of plans) {
    const blocks = members.get(loop)!
    if (repeat !== undefined) {
      behind.set(blocks.at(-1)!, repeatBody(func, loop, blocks, repeat, rounds.exit, rounds.back % repeat))
      continue
    }
    // One copy more than there are ways back: the last one is known to leave, and the loop itself is never reached.
    const made: Block[] = []
    for (let i = 0; i <= rounds.back; i++) made.push(...peel(func, loop, blocks))
    before.set(loop.header, made)
  }
  func.blocks = func.blocks.flatMap(block => [...(before.get(block) ?? []), block, ...(behind.get(block) ?? [])])
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
