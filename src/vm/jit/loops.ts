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

/** Finds the counted loops of a function, those inside of others behind them. Their counters stay below 2³¹. */
export function countedLoops(a: Analysis): CountedLoop[] {
  const found: CountedLoop[] = []
  const { header, irreducible } = a.graph
  if (irreducible) return found
  for (let h = header.indexOf(1); h >= 0; h = header.indexOf(1, h + 1)) {
    const loop = counted(a, h)
    if (loop !== undefined) found.push(loop)
  }
  return found
}

/** The blocks of a loop: those from which a jump back is reached without going through the header. */
export function naturalLoop({ graph }: Analysis, header: number): number[] {
  const found = [header]
  const add = (block: number): void => {
    if (!found.includes(block)) found.push(block)
  }
  for (const pred of graph.blocks[header].preds) if (pred >= header) add(pred)
  for (let n = 1; n < found.length; n++) for (const pred of graph.blocks[found[n]].preds) add(pred)
  return found.sort((x, y) => x - y)
}

function counted(a: Analysis, header: number): CountedLoop | undefined {
  const { graph, code, webs, events, range } = a
  const { preds } = graph.blocks[header]
  if (preds.length !== 2 || header === 0) return undefined
  const [before, latch] = preds[0] < preds[1] ? preds : [preds[1], preds[0]]
  if (before >= header) return undefined
  // A latch that goes nowhere but back is run once a turn, and so is one that only leaves the loop besides.
  const testsFirst = graph.blocks[latch].succs.length === 1
  const test = testsFirst ? header : latch
  const { succs, end } = graph.blocks[test]
  const jump = code.insns[end - 1]
  if (succs.length !== 2 || !endsBlock(jump)) return undefined
  const read = readEvent(events, end - 1 - range.first, jump.dst)
  const bound = boundOf(a, end - 1)
  if (read < 0 || bound === undefined) return undefined
  const web = webs.ofEvent[read]
  if (webs.writes[web] !== 2) return undefined
  const increment = lastWrite(a, latch, jump.dst)
  const start = startOf(a, before, jump.dst)
  if (increment < 0 || start < 0 || writtenBy(a, increment) !== web || writtenBy(a, start) !== web) return undefined
  const step = addedNumber(code.insns[increment])
  const first = movedNumber(code.insns[start])
  if (step <= 0 || first === undefined) return undefined
  if (webs.ofEvent[readEvent(events, increment - range.first, jump.dst)] !== web) return undefined
  const blocks = naturalLoop(a, header)
  const staysIn = (b: number): boolean => b === test || graph.blocks[b].succs.every(s => blocks.includes(s))
  const goesOn = succs.map(s => blocks.includes(s))
  if (goesOn[0] === goesOn[1] || !blocks.every(staysIn)) return undefined
  const turns = turnsOf(jump.op & o.BPF_OP_MASK, goesOn[1], first, step, bound)
  if (turns === undefined || first + (turns + 1) * step >= 2 ** 31) return undefined
  return { header, latch, blocks, testsFirst, web, increment, first, step, turns }
}

/** The last instruction of a block that writes a register itself; −1 for none. */
function lastWrite({ graph, events, range, slotOf }: Analysis, block: number, register: number): number {
  const { first, end } = graph.blocks[block]
  for (let i = end - 1; i >= first; i--) {
    const event = writeEvent(events, i - range.first)
    if (event >= 0 && events.variable[event] === register) return slotOf[i - range.first] === 0 ? i : -1
  }
  return -1
}

const writtenBy = ({ webs, events, range }: Analysis, i: number): number =>
  webs.ofEvent[writeEvent(events, i - range.first)]

/** The last write of a register on the only way that leads through a block; −1 where others come in. */
function startOf(a: Analysis, block: number, register: number): number {
  for (let b = block; ; [b] = a.graph.blocks[b].preds) {
    const found = lastWrite(a, b, register)
    if (found >= 0 || b === 0 || a.graph.blocks[b].preds.length !== 1) return found
  }
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
