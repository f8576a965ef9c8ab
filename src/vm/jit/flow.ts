import {
  BPF_CALL,
  BPF_CLASS_MASK,
  BPF_EXIT,
  BPF_JA,
  BPF_JMP,
  BPF_JMP32,
  BPF_OP_MASK,
  type Insn,
  OP_EXIT,
  OP_JA,
  OP_JA32,
} from "../../isa/index.ts"
import { badCode } from "../badCode.ts"
import { type Choices, constantBefore, skipsConstant } from "./choices.ts"
import type { FlatCode } from "./functions.ts"
import { Reused } from "./reused.ts"
import type { Words } from "./values.ts"

/** Instructions that run one after the other. A block's number is its place in reverse postorder. */
export interface Block {
  /** Index of its first instruction. */
  readonly first: number
  /** Index after its last one. */
  readonly end: number
  /** What runs after it: nothing after `exit`; for a conditional jump first what follows, then the target. */
  readonly succs: number[]
  readonly preds: number[]
}

/** The blocks of a function that can be reached, and what is known of their order. */
export interface FlowGraph {
  readonly blocks: readonly Block[]
  /** By block: the block through which every way to it leads last; its own number for the first. */
  readonly dominator: Int32Array
  /** By block: 1 when a later block, or itself, jumps back to it. */
  readonly header: Uint8Array
  /** True when there is any such block. */
  readonly jumpsBack: boolean
  /** By block: 1 when more than one earlier block leads to it. */
  readonly merge: Uint8Array
  /** Moves of constants that a jump skips, within a block. */
  readonly choices: Choices
  /** True when a loop can be entered at more than one place: blocks and loops alone cannot express it. */
  readonly irreducible: boolean
}

const reused = {
  blockOf: new Reused(Int32Array),
  number: new Reused(Int32Array),
  leader: new Reused(Uint8Array),
  jumps: new Reused(Int32Array),
  seen: new Reused(Uint8Array),
  next: new Reused(Int32Array),
}

/** True for what a block ends with. */
export function endsBlock(insn: Insn): boolean {
  const group = insn.op & BPF_CLASS_MASK
  return (group === BPF_JMP || group === BPF_JMP32) && (insn.op & BPF_OP_MASK) !== BPF_CALL
}

/** The index of the instruction that a jump at `index` leads to. */
export function jumpTarget(code: FlatCode, index: number): number {
  const insn = code.insns[index]
  const slot = code.slots[index] + 1 + (insn.op === OP_JA32 ? insn.imm : insn.off)
  const target = slot >= 0 && slot < code.indexAt.length ? code.indexAt[slot] : -1
  if (target < 0) throw badCode(code.slots[index], "a jump leads to no instruction")
  return target
}

/** The graph of the function that takes the instructions `first` up to `end`. @throws SkepError VM_BAD_CODE */
export function flowGraph(code: FlatCode, first: number, end: number): FlowGraph {
  const choices = new Map<number, Words>()
  const starts = blockStarts(code, first, end, choices)
  const count = starts.length - 1
  const blockOf = reused.blockOf.any(end - first)
  for (let k = 0; k < count; k++) blockOf[starts[k] - first] = k
  const succs: number[][] = []
  for (let k = 0; k < count; k++) succs.push(successors(code, starts[k + 1], first, end, blockOf))
  const order = reversePostorder(succs)
  const number = reused.number.filled(count, -1)
  for (let k = 0; k < order.length; k++) number[order[k]] = k
  const blocks = order.map((k): Block => {
    return { first: starts[k], end: starts[k + 1], succs: succs[k].map(s => number[s]), preds: [] }
  })
  for (let k = 0; k < blocks.length; k++) for (const s of blocks[k].succs) blocks[s].preds.push(k)
  return { blocks, choices, ...dominance(blocks) }
}

/** The indexes at which blocks start, and `end`. */
function blockStarts(code: FlatCode, first: number, end: number, choices: Map<number, Words>): number[] {
  const leader = reused.leader.filled(end - first + 1, 0)
  const jumps = reused.jumps.filled(end - first + 1, 0)
  leader[0] = 1
  leader[end - first] = 1
  for (let i = first; i < end; i++) {
    const insn = code.insns[i]
    if (!endsBlock(insn)) continue
    leader[i + 1 - first] = 1
    if (insn.op === OP_EXIT) continue
    const target = jumpTarget(code, i)
    if (target < first || target >= end) throw badCode(code.slots[i], "a jump leads out of its function")
    leader[target - first] = 1
    jumps[target - first]++
  }
  for (let i = first; i < end - 2; i++) {
    if (jumps[i + 1 - first] > 0 || !skipsConstant(code, i)) continue
    const before = constantBefore(code, i, first, leader, choices)
    if (before === undefined) continue
    choices.set(i + 1, before)
    leader[i + 1 - first] = 0
    if (jumps[i + 2 - first] === 1) leader[i + 2 - first] = 0
  }
  const starts: number[] = []
  for (let i = 0; i <= end - first; i++) if (leader[i] === 1) starts.push(first + i)
  return starts
}

function successors(code: FlatCode, after: number, first: number, end: number, blockOf: Int32Array): number[] {
  const last = code.insns[after - 1]
  if (endsBlock(last)) {
    if ((last.op & BPF_OP_MASK) === BPF_EXIT) return []
    const target = blockOf[jumpTarget(code, after - 1) - first]
    if (last.op === OP_JA || (last.op & BPF_OP_MASK) === BPF_JA) return [target]
    if (after < end && blockOf[after - first] === target) return [target]
    if (after < end) return [blockOf[after - first], target]
  } else if (after < end) return [blockOf[after - first]]
  throw badCode(code.slots[after - 1], "the code ends without exit")
}

/** The nodes that can be reached from 0; each after what leads to it, but for jumps back. */
function reversePostorder(succs: readonly (readonly number[])[]): number[] {
  const seen = reused.seen.filled(succs.length, 0)
  const next = reused.next.filled(succs.length, 0)
  const path = [0]
  const order: number[] = []
  seen[0] = 1
  while (path.length > 0) {
    const node = path[path.length - 1]
    // From the last successor to the first: what follows in the text comes first in the order.
    const k = succs[node].length - 1 - next[node]++
    if (k < 0) {
      order.push(node)
      path.pop()
    } else if (seen[succs[node][k]] === 0) {
      seen[succs[node][k]] = 1
      path.push(succs[node][k])
    }
  }
  return order.reverse()
}

/** Dominators by Cooper, Harvey and Kennedy's "A Simple, Fast Dominance Algorithm". */
export function dominance(blocks: readonly Block[]): Omit<FlowGraph, "blocks" | "choices"> {
  const dominator = new Int32Array(blocks.length).fill(-1)
  dominator[0] = 0
  for (let changed = true; changed; ) {
    changed = false
    for (let b = 1; b < blocks.length; b++) {
      let common = -1
      for (const pred of blocks[b].preds) {
        if (dominator[pred] < 0) continue
        if (common < 0) common = pred
        for (let other = pred; other !== common; ) {
          if (other > common) other = dominator[other]
          else common = dominator[common]
        }
      }
      if (dominator[b] === common) continue
      dominator[b] = common
      changed = true
    }
  }
  const header = new Uint8Array(blocks.length)
  const merge = new Uint8Array(blocks.length)
  let jumpsBack = false
  let irreducible = false
  for (let b = 0; b < blocks.length; b++) {
    let forward = 0
    for (const pred of blocks[b].preds) {
      if (pred < b) forward++
      else {
        header[b] = 1
        jumpsBack = true
        let above = pred
        while (above > b) above = dominator[above]
        if (above !== b) irreducible = true
      }
    }
    if (forward > 1) merge[b] = 1
  }
  return { dominator, header, jumpsBack, merge, irreducible }
}
