import * as o from "../../isa/index.ts"
import type { Code } from "../program.ts"
import { EINVAL, Refused } from "../refuse.ts"
import type { Marks } from "./marks.ts"
import { isPseudoFunc, isSubprogramCall, jumpOffset, type Subprogram, subprogramAt } from "./subprograms.ts"

/** What a call does to the flow of a program; the tables of helpers and kernel functions know. */
export interface CallTraits {
  /** Runs a function of the program any number of times before it returns. */
  readonly syncCallback?: boolean
  /** Has a function of the program run later. */
  readonly asyncCallback?: boolean
  readonly iterNext?: boolean
  readonly mightSleep?: boolean
  readonly changesPacket?: boolean
}

export interface FlowInput {
  readonly code: Code
  readonly subprograms: readonly Subprogram[]
  readonly marks: Marks
  /** Without privileges a jump back is refused. */
  readonly privileged: boolean
  /** Whether a loop may be entered in its middle, so that a step that is no jump leads back (Linux 6.7). */
  readonly stepsBack: boolean
  /** Starts that no instruction leads to: exception callbacks. */
  readonly roots: readonly number[]
  readonly traits: (slot: number) => CallTraits
}

const DISCOVERED = 1
const EXPLORED = 2

/**
 * Follows every edge of a program once, depth first: all instructions must be reached. Marks where states are kept, and
 * where a path needs a record of how it got there.
 */
export function checkFlow(input: FlowInput): void {
  const { code } = input
  const state = new Uint8Array(code.count)
  for (const root of [0, ...input.roots]) if (state[root] === 0) explore(input, root, state)
  for (let slot = 0; slot < code.count; slot++) {
    if (state[slot] !== EXPLORED) throw new Refused(EINVAL, `unreachable insn ${slot}`, slot)
    if (code.op[slot] !== o.OP_LDDW) continue
    if (state[slot + 1] !== 0) throw new Refused(EINVAL, `jump into the middle of ldimm64 insn ${slot}`, slot)
    slot++
  }
}

function explore(input: FlowInput, root: number, state: Uint8Array): void {
  const { code, marks, privileged } = input
  const path = [root]
  const nextEdge = [0]
  state[root] = DISCOVERED
  while (path.length > 0) {
    const slot = path[path.length - 1]
    const edge = nextEdge[path.length - 1]
    if (edge === 0) markInsn(input, slot)
    const target = edgeOf(code, slot, edge)
    if (target === undefined) {
      leave(input, slot)
      state[slot] = EXPLORED
      path.pop()
      nextEdge.pop()
      continue
    }
    nextEdge[path.length - 1]++
    if (target < 0 || target >= code.count) {
      throw new Refused(EINVAL, `jump out of range from insn ${slot} to ${target}`, slot)
    }
    if (edge === 1) {
      marks.prunePoint[target] = 1
      marks.jumpPoint[target] = 1
    }
    if (state[target] === 0) {
      state[target] = DISCOVERED
      path.push(target)
      nextEdge.push(0)
    } else if (state[target] === DISCOVERED && !(privileged && (input.stepsBack || isJump(code.op[slot])))) {
      throw new Refused(EINVAL, `back-edge from insn ${slot} to ${target}`, slot)
    }
  }
}

function isJump(op: number): boolean {
  const kind = op & o.BPF_CLASS_MASK
  return (kind === o.BPF_JMP || kind === o.BPF_JMP32) && (op & o.BPF_OP_MASK) !== o.BPF_CALL
}

/** Where an instruction goes: 0 is the next one (or the only one), 1 the branch or the function that is called. */
function edgeOf(code: Code, slot: number, edge: number): number | undefined {
  const op = code.op[slot]
  const kind = op & o.BPF_CLASS_MASK
  const next = slot + (op === o.OP_LDDW ? 2 : 1)
  const called = isPseudoFunc(code, slot) || isSubprogramCall(code, slot)
  if (called && edge === 1) return slot + code.imm[slot] + 1
  if (kind !== o.BPF_JMP && kind !== o.BPF_JMP32) return edge === 0 ? next : undefined
  switch (op & o.BPF_OP_MASK) {
    case o.BPF_EXIT:
      return undefined
    case o.BPF_CALL:
      return edge === 0 ? next : undefined
    case o.BPF_JA:
      return edge === 0 ? slot + jumpOffset(code, slot) + 1 : undefined
    default:
      return edge === 0 ? next : edge === 1 ? slot + code.off[slot] + 1 : undefined
  }
}

function markInsn(input: FlowInput, slot: number): void {
  const { code, marks } = input
  const op = code.op[slot]
  const kind = op & o.BPF_CLASS_MASK
  if (isPseudoFunc(code, slot)) {
    markCall(marks, slot, slot + 2, true)
    return
  }
  if (kind !== o.BPF_JMP && kind !== o.BPF_JMP32) return
  switch (op & o.BPF_OP_MASK) {
    case o.BPF_EXIT:
      return
    case o.BPF_CALL: {
      const traits = input.traits(slot)
      if (traits.asyncCallback) marks.prunePoint[slot] = 1
      if (traits.syncCallback) {
        marks.callsCallback[slot] = 1
        marks.checkpoint[slot] = 1
        marks.prunePoint[slot] = 1
        marks.jumpPoint[slot] = 1
      }
      if (traits.iterNext) {
        marks.iterNext[slot] = 1
        marks.prunePoint[slot] = 1
        marks.checkpoint[slot] = 1
      }
      const own = ownerOf(input, slot)
      if (traits.mightSleep) own.mightSleep = true
      if (traits.changesPacket) own.changesPacket = true
      markCall(marks, slot, slot + 1, isSubprogramCall(code, slot))
      return
    }
    case o.BPF_JA: {
      if ((op & o.BPF_SRC_MASK) !== o.BPF_K) throw new Refused(EINVAL, `unknown opcode ${op.toString(16)}`, slot)
      const target = slot + jumpOffset(code, slot) + 1
      marks.prunePoint[target] = 1
      marks.jumpPoint[target] = 1
      return
    }
    default:
      marks.prunePoint[slot] = 1
      if (op === o.OP_MAY_GOTO) marks.checkpoint[slot] = 1
  }
}

function markCall(marks: Marks, slot: number, next: number, visitsCallee: boolean): void {
  if (next < marks.prunePoint.length) {
    marks.prunePoint[next] = 1
    marks.jumpPoint[next] = 1
  }
  if (visitsCallee) marks.prunePoint[slot] = 1
}

/** A function has the effects of those that it calls; all of a callee is explored before its call is left. */
function leave(input: FlowInput, slot: number): void {
  const { code, subprograms } = input
  if (!isSubprogramCall(code, slot) && !isPseudoFunc(code, slot)) return
  const callee = subprogramAt(subprograms, slot + code.imm[slot] + 1)
  const own = ownerOf(input, slot)
  if (callee?.changesPacket) own.changesPacket = true
  if (callee?.mightSleep && isSubprogramCall(code, slot)) own.mightSleep = true
}

const ownerOf = ({ subprograms }: FlowInput, slot: number): Subprogram =>
  subprograms.findLast(s => s.start <= slot) as Subprogram
