import {
  type Block,
  bitsOf,
  constant,
  evalBinary,
  evalCompare,
  evalSignExtend,
  findLoops,
  type Inst,
  type IrFunction,
  isBinary,
  type Loop,
  newBlock,
  type Phi,
  type Terminator,
  type Value,
} from "../ir/index.ts"
import { demote } from "./demote.ts"
import { mem2reg } from "./mem2reg.ts"

/** Neither more rounds than this are unrolled, nor more instructions made. */
const MOST_ROUNDS = 1024
const MOST_INSTS = 100_000

/**
 * Full unrolling on request (`#pragma unroll`): a loop whose number of rounds follows from constants is written out round by round; constant
 * folding then removes its tests.
 *
 *     b1: %i = phi i32 [b0: 0], [b1: %j]     →    b1: … jump b1'
 *         %j = add i32 %i, 1                      b1': … jump b1''
 *         %c = cmp ult %j, 3                      b1'': … jump b2
 *         br %c, b1, b2
 *
 * A loop that cannot be counted stays a loop.
 */
export function unroll(func: IrFunction): boolean {
  let changed = false
  for (let again = true; again; ) {
    again = false
    for (const loop of findLoops(func).loops) {
      const { header } = loop
      if (header.unroll === undefined || header.unroll === 1) continue
      const rounds = countRounds(loop)
      header.unroll = undefined
      if (rounds === undefined) continue
      let size = 0
      for (const block of loop.blocks) size += block.insts.length + block.phis.length + 1
      if (size * rounds > MOST_INSTS) continue
      demote(func, loop.blocks, use => loop.blocks.has(use))
      // One copy more than there are ways back: the last one is known to leave, and the loop itself is never reached.
      for (let i = 0; i <= rounds; i++) peel(func, loop)
      mem2reg(func)
      again = changed = true
      break
    }
  }
  return changed
}

/** How often the loop goes back to its header, found by running what its exit tests depend on; undefined when that is not constant. */
function countRounds(loop: Loop): number | undefined {
  const { header } = loop
  const outside = header.preds.filter(p => !loop.blocks.has(p))
  if (outside.length !== 1 || loop.latches.length === 0) return undefined
  let state = new Map<Value, bigint | undefined>()
  const start = (phi: Phi) => {
    const v = phi.args[phi.incoming.indexOf(outside[0])]
    return v.kind === "const" ? v.value : undefined
  }
  for (const phi of header.phis) state.set(phi, start(phi))
  for (let rounds = 0; rounds <= MOST_ROUNDS; rounds++) {
    const values = new Map(state)
    const next = runOnce(loop, values)
    if (next === "exit") return rounds
    if (next === undefined) return undefined
    const after = new Map<Value, bigint | undefined>()
    for (const phi of header.phis) after.set(phi, evaluate(phi.args[phi.incoming.indexOf(next)], values, loop))
    state = after
  }
  return undefined
}

/** Follows one round of a loop: the latch it goes back from, "exit" when it surely leaves, undefined when neither is sure. */
function runOnce(loop: Loop, values: Map<Value, bigint | undefined>): Block | "exit" | undefined {
  // Only exits that are taken for sure count; other branches must all come back to a single latch.
  let block: Block = loop.header
  const seen = new Set<Block>()
  for (;;) {
    if (seen.has(block)) return undefined
    seen.add(block)
    const { term } = block
    if (term.op === "jump") {
      if (term.targets[0] === loop.header) return block
      if (!loop.blocks.has(term.targets[0])) return "exit"
      block = term.targets[0]
      for (const phi of block.phis) values.set(phi, undefined)
      continue
    }
    if (term.op !== "br") return "exit"
    const cond = evaluate(term.args[0], values, loop)
    if (cond !== undefined) {
      const to: Block = term.targets[cond !== 0n ? 0 : 1]
      if (to === loop.header) return block
      if (!loop.blocks.has(to)) return "exit"
      for (const phi of to.phis)
        values.set(
          phi,
          phi.incoming.includes(block) ? evaluate(phi.args[phi.incoming.indexOf(block)], values, loop) : undefined,
        )
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
    if (meet === undefined) return term.targets.includes(loop.header) && inside.length === 0 ? block : undefined
    if (meet === loop.header) return loop.latches.length === 1 ? loop.latches[0] : undefined
    block = meet
    for (const phi of block.phis) values.set(phi, undefined)
  }
}

/** The first block of the loop that all paths from two blocks go through; ways out of the loop aside. */
function meeting(starts: readonly Block[], loop: Loop): Block | undefined {
  const reach = (from: Block): Block[] => {
    const order: Block[] = []
    const seen = new Set<Block>([from])
    const work = [from]
    for (let b = work.shift(); b !== undefined; b = work.shift()) {
      order.push(b)
      if (b === loop.header) continue
      for (const t of b.term.targets) {
        if (!loop.blocks.has(t) || seen.has(t)) continue
        seen.add(t)
        work.push(t)
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
function evaluate(v: Value, values: Map<Value, bigint | undefined>, loop: Loop): bigint | undefined {
  if (v.kind === "const") return v.value
  if (values.has(v)) return values.get(v)
  if (v.kind !== "inst" || !loop.blocks.has(v.block)) return undefined
  values.set(v, undefined)
  const result = compute(
    v,
    v.args.map(a => evaluate(a, values, loop)),
  )
  values.set(v, result)
  return result
}

function compute(inst: Inst, args: readonly (bigint | undefined)[]): bigint | undefined {
  const [a, b] = args
  if (a === undefined || (inst.args.length > 1 && b === undefined)) return undefined
  switch (inst.op) {
    case "cmp":
      return evalCompare(inst.pred, bitsOf(inst.args[0].type), a, b!) ? 1n : 0n
    case "zext":
    case "ptrtoint":
    case "inttoptr":
      return a
    case "sext":
      return constant("i64", BigInt.asIntN(32, a)).value
    case "trunc":
      return constant("i32", a).value
    case "sextin":
      return evalSignExtend(inst.bits, bitsOf(inst.type), a)
    default:
      return isBinary(inst) ? evalBinary(inst.op, bitsOf(inst.type), a, b!) : undefined
  }
}

/** Copies one round of the loop in front of it. */
function peel(func: IrFunction, loop: Loop): void {
  const { header } = loop
  const values = new Map<Value, Value>()
  const blocks = new Map<Block, Block>()
  const members = func.blocks.filter(b => loop.blocks.has(b))
  for (const block of members) blocks.set(block, newBlock(func))
  const outside = header.preds.filter(p => !loop.blocks.has(p))
  for (const block of members) {
    const copy = blocks.get(block)!
    if (block === header) {
      for (const phi of block.phis) values.set(phi, phi.args[phi.incoming.indexOf(outside[0])])
    } else {
      copy.phis = block.phis.map((phi): Phi => {
        const made = {
          ...phi,
          id: func.nextId++,
          block: copy,
          incoming: phi.incoming.map(b => blocks.get(b)!),
          args: [...phi.args],
        }
        values.set(phi, made)
        return made
      })
    }
    copy.insts = block.insts.map((inst): Inst => {
      const made = { ...inst, id: func.nextId++, block: copy, args: [...inst.args] }
      values.set(inst, made)
      return made
    })
  }
  const map = (v: Value) => values.get(v) ?? v
  for (const block of members) {
    const copy = blocks.get(block)!
    for (const phi of copy.phis) phi.args = phi.args.map(map)
    for (const inst of copy.insts) inst.args = inst.args.map(map)
    const { term } = block
    const targets = term.targets.map(t => (t === header ? header : (blocks.get(t) ?? t)))
    copy.term = { ...term, args: term.args.map(map), targets } as Terminator
    if (block !== header) copy.preds = block.preds.map(b => blocks.get(b)!)
    for (const t of term.targets) {
      if (loop.blocks.has(t)) continue
      t.preds.push(copy)
      for (const phi of t.phis) {
        phi.incoming.push(copy)
        phi.args.push(map(phi.args[phi.incoming.indexOf(block)]))
      }
    }
  }
  // The way in leads to the copy; from the copy's latches it goes on to the loop.
  const first = blocks.get(header)!
  const entry = outside[0]
  for (let i = 0; i < entry.term.targets.length; i++)
    if (entry.term.targets[i] === header) entry.term.targets[i] = first
  first.preds = [entry]
  const latches = header.preds.filter(p => loop.blocks.has(p))
  for (const phi of header.phis) {
    const back = latches.map(l => phi.args[phi.incoming.indexOf(l)])
    phi.incoming = [...latches.map(l => blocks.get(l)!), ...latches]
    phi.args = [...back.map(map), ...back]
  }
  header.preds = [...latches.map(l => blocks.get(l)!), ...latches]
  if (latches.length > 1)
    gather(
      func,
      header,
      latches.map(l => blocks.get(l)!),
    )
  func.blocks.splice(func.blocks.indexOf(header), 0, ...members.map(b => blocks.get(b)!))
}

/** Leads several edges into a block through a new one, so that a loop keeps a single way in. */
function gather(func: IrFunction, header: Block, preds: readonly Block[]): void {
  const middle = newBlock(func)
  middle.term = { kind: "term", op: "jump", args: [], targets: [header], span: header.term.span }
  middle.preds = [...preds]
  for (const phi of header.phis) {
    const at = preds.map(p => phi.incoming.indexOf(p))
    const made: Phi = {
      kind: "phi",
      id: func.nextId++,
      type: phi.type,
      block: middle,
      incoming: [...preds],
      args: at.map(i => phi.args[i]),
    }
    middle.phis.push(made)
    const keep = phi.incoming.map((_, i) => i).filter(i => !at.includes(i))
    phi.args = [made, ...keep.map(i => phi.args[i])]
    phi.incoming = [middle, ...keep.map(i => phi.incoming[i])]
  }
  header.preds = [middle, ...header.preds.filter(p => !preds.includes(p))]
  for (const pred of preds) {
    for (let i = 0; i < pred.term.targets.length; i++)
      if (pred.term.targets[i] === header) pred.term.targets[i] = middle
  }
  func.blocks.splice(func.blocks.indexOf(header), 0, middle)
}
