import * as o from "../../isa/index.ts"
import { readEvent, writeEvent } from "./events.ts"
import { endsBlock } from "./flow.ts"
import { type Analysis, Kind } from "./values.ts"

/** A loop that one jump back makes, left at one place, whose number of turns is a constant. */
export interface CountedLoop {
  readonly header: number
  /** The block that jumps back. */
  readonly latch: number
  /** Its blocks, in the order of their numbers; the header is the first. */
  readonly blocks: readonly number[]
  /** Whether the loop is left at the end of its header, before a turn; else it is after one, at the end of the latch. */
  readonly testsFirst: boolean
  /** The web that counts: it is `first` in the first turn, and `step` more in each that follows. */
  readonly web: number
  /** The instruction that adds `step`, once a turn. */
  readonly increment: number
  readonly first: number
  readonly step: number
  /** Turns; one at least. */
  readonly turns: number
}

/** Instructions that write webs that are written twice: a move of a number, and an addition of one; −1 where there is none. */
interface Counters {
  readonly starts: Int32Array
  readonly increments: Int32Array
}

/** Finds the counted loops of a function by their headers. Their counters stay below 2³¹. */
export function countedLoops(a: Analysis): ReadonlyMap<number, CountedLoop> {
  const found = new Map<number, CountedLoop>()
  const { blocks, header, irreducible } = a.graph
  if (irreducible || !header.includes(1)) return found
  const counters = countersOf(a)
  for (let h = 0; h < blocks.length; h++) {
    if (header[h] === 0) continue
    const latches = latchesOf(a, h)
    if (latches.length !== 1) continue
    const loop = counted(a, counters, h, latches[0], naturalLoop(a, h))
    if (loop !== undefined) found.set(h, loop)
  }
  return found
}

/** The blocks that jump back to a header. */
const latchesOf = ({ graph }: Analysis, header: number): number[] =>
  graph.blocks[header].preds.filter(pred => pred >= header)

/** The blocks of a loop: those from which a jump back is reached without going through the header. */
export function naturalLoop(a: Analysis, header: number): number[] {
  const found = new Set([header, ...latchesOf(a, header)])
  for (const block of found) {
    if (block !== header) for (const pred of a.graph.blocks[block].preds) found.add(pred)
  }
  return [...found].sort((x, y) => x - y)
}

function countersOf({ code, webs, events, range, slotOf }: Analysis): Counters {
  const starts = new Int32Array(webs.count).fill(-1)
  const increments = new Int32Array(webs.count).fill(-1)
  for (let k = 0; k < range.end - range.first; k++) {
    const event = writeEvent(events, k)
    if (event < 0 || slotOf[k] !== 0) continue
    const web = webs.ofEvent[event]
    if (webs.writes[web] !== 2) continue
    const insn = code.insns[range.first + k]
    if (movedNumber(insn) !== undefined) starts[web] = range.first + k
    else if (addedNumber(insn) > 0 && webs.ofEvent[readEvent(events, k, insn.dst)] === web) {
      increments[web] = range.first + k
    }
  }
  return { starts, increments }
}

function counted(
  a: Analysis,
  counters: Counters,
  header: number,
  latch: number,
  blocks: readonly number[],
): CountedLoop | undefined {
  const { graph, code, webs, events, range } = a
  const inside = new Set(blocks)
  const leaving = blocks.filter(b => graph.blocks[b].succs.some(s => !inside.has(s)))
  if (leaving.length !== 1 || (leaving[0] !== header && leaving[0] !== latch)) return undefined
  const [test] = leaving
  const testsFirst = test !== latch
  const { succs, end } = graph.blocks[test]
  const jump = code.insns[end - 1]
  if (succs.length !== 2 || !endsBlock(jump)) return undefined
  const k = end - 1 - range.first
  const read = readEvent(events, k, jump.dst)
  const bound = boundOf(a, end - 1)
  if (read < 0 || bound === undefined) return undefined
  const web = webs.ofEvent[read]
  const [start, increment] = [counters.starts[web], counters.increments[web]]
  // A latch that goes elsewhere in the loop, too, may run several times a turn.
  if (testsFirst && graph.blocks[latch].succs.length !== 1) return undefined
  if (start < 0 || increment < 0 || !isIn(a, increment, latch) || !startsBefore(a, start, header, inside)) {
    return undefined
  }
  const first = movedNumber(code.insns[start])!
  const step = addedNumber(code.insns[increment])
  const turns = turnsOf(jump.op & o.BPF_OP_MASK, inside.has(succs[1]), first, step, bound)
  if (turns === undefined || first + (turns + 1) * step >= 2 ** 31) return undefined
  return { header, latch, blocks, testsFirst, web, increment, first, step, turns }
}

const isIn = ({ graph }: Analysis, i: number, block: number): boolean =>
  graph.blocks[block].first <= i && i < graph.blocks[block].end

/** Whether every way into a loop goes through an instruction, and from there straight to the loop. */
function startsBefore(a: Analysis, start: number, header: number, inside: ReadonlySet<number>): boolean {
  let before = a.graph.blocks[header].preds.filter(pred => !inside.has(pred))
  while (before.length === 1) {
    if (isIn(a, start, before[0])) return true
    if (before[0] === 0) return false
    before = a.graph.blocks[before[0]].preds
  }
  return false
}

/** The number that a move puts into a register, if it is none below 0. */
function movedNumber({ op, imm }: o.Insn): number | undefined {
  const moves = op === (o.BPF_ALU64 | o.BPF_MOV) || op === (o.BPF_ALU | o.BPF_MOV)
  return moves && imm >= 0 ? imm : undefined
}

/** The number that an instruction adds to a register; 0 for one that does something else. */
const addedNumber = ({ op, imm }: o.Insn): number =>
  op === (o.BPF_ALU64 | o.BPF_ADD) || op === (o.BPF_ALU | o.BPF_ADD) ? imm : 0

/** The constant that a conditional jump compares with, if it is none below 0. */
function boundOf({ code, webs, values, events, range }: Analysis, jump: number): number | undefined {
  const { op, src, imm } = code.insns[jump]
  if ((op & o.BPF_X) === 0) return imm >= 0 ? imm : undefined
  const event = readEvent(events, jump - range.first, src)
  const web = event < 0 ? -1 : webs.ofEvent[event]
  if (web < 0 || values.kind[web] !== Kind.constant || values.high[web] !== 0) return undefined
  return values.low[web] >= 0 ? values.low[web] : undefined
}

const OPPOSITE: Readonly<Record<number, number>> = {
  [o.BPF_JGE]: o.BPF_JLT,
  [o.BPF_JSGE]: o.BPF_JLT,
  [o.BPF_JGT]: o.BPF_JLE,
  [o.BPF_JSGT]: o.BPF_JLE,
  [o.BPF_JEQ]: o.BPF_JNE,
}
const SAME: Readonly<Record<number, number>> = {
  [o.BPF_JLT]: o.BPF_JLT,
  [o.BPF_JSLT]: o.BPF_JLT,
  [o.BPF_JLE]: o.BPF_JLE,
  [o.BPF_JSLE]: o.BPF_JLE,
  [o.BPF_JNE]: o.BPF_JNE,
}

/** Turns of a loop that goes on while the comparison holds (`taken`) or does not hold. All numbers are below 2³¹. */
function turnsOf(operation: number, taken: boolean, first: number, step: number, bound: number): number | undefined {
  const comparison = (taken ? SAME : OPPOSITE)[operation]
  const distance = bound - first + (comparison === o.BPF_JLE ? 1 : 0)
  if (comparison === undefined || distance <= 0) return undefined
  if (comparison === o.BPF_JNE && distance % step !== 0) return undefined
  return Math.ceil(distance / step)
}
