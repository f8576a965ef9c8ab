import {
  BPF_CALL,
  BPF_CLASS_MASK,
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
  leader: new Reused(Uint8Array),
  jumps: new Reused(Int32Array),
  starts: new Reused(Int32Array),
  blockOf: new Reused(Int32Array),
  follows: new Reused(Int32Array),
  target: new Reused(Int32Array),
  seen: new Reused(Uint8Array),
  path: new Reused(Int32Array),
  order: new Reused(Int32Array),
  number: new Reused(Int32Array),
}

/** True for what a block ends with. */
export const endsBlock = ({ op }: Insn): boolean => isJump(op)

function isJump(op: number): boolean {
  const group = op & BPF_CLASS_MASK
  return (group === BPF_JMP || group === BPF_JMP32) && (op & BPF_OP_MASK) !== BPF_CALL
}

/** The index of the instruction that a jump at `index` leads to. */
export function jumpTarget({ op, off, imm, slots, indexAt }: FlatCode, index: number): number {
  const slot = slots[index] + 1 + (op[index] === OP_JA32 ? imm[index] : off[index])
  const target = slot >= 0 && slot < indexAt.length ? indexAt[slot] : -1
  if (target < 0) throw badCode(slots[index], "a jump leads to no instruction")
  return target
}

/** The graph of the function that takes the instructions `first` up to `end`. @throws SkepError VM_BAD_CODE */
export function flowGraph(code: FlatCode, first: number, end: number): FlowGraph {
  const leader = reused.leader.filled(end - first + 1, 0)
  const choices = findLeaders(code, first, end, leader)
  const text = textBlocks(code, first, end, leader)
  const blocks = inReversePostorder(text)
  const { dominator, header, jumpsBack, merge, irreducible } = dominance(blocks)
  return { blocks, choices, dominator, header, jumpsBack, merge, irreducible }
}

const NO_CHOICES: Choices = new Map()

/** Marks in `leader` the instructions that blocks start with, and gives the moves that are no blocks of their own. */
function findLeaders(code: FlatCode, first: number, end: number, leader: Uint8Array): Choices {
  const jumps = reused.jumps.filled(end - first + 1, 0)
  leader[0] = 1
  let skips = false
  for (let i = first; i < end; i++) {
    if (!isJump(code.op[i])) continue
    leader[i + 1 - first] = 1
    if (code.op[i] === OP_EXIT) continue
    const target = jumpTarget(code, i)
    if (target < first || target >= end) throw badCode(code.slots[i], "a jump leads out of its function")
    leader[target - first] = 1
    jumps[target - first]++
    if (target === i + 2) skips = true
  }
  if (!skips) return NO_CHOICES
  const choices = new Map<number, Words>()
  for (let i = first; i < end - 2; i++) {
    if (jumps[i + 1 - first] > 0 || !isJump(code.op[i]) || !skipsConstant(code, i)) continue
    const before = constantBefore(code, i, first, leader, choices)
    if (before === undefined) continue
    choices.set(i + 1, before)
    leader[i + 1 - first] = 0
    if (jumps[i + 2 - first] === 1) leader[i + 2 - first] = 0
  }
  return choices
}

/** Blocks in the order of the text: where each starts, and one more place; the block behind it and the one it jumps to, −1 for none. */
interface TextBlocks {
  readonly count: number
  readonly starts: Int32Array
  readonly follows: Int32Array
  readonly target: Int32Array
}

function textBlocks(code: FlatCode, first: number, end: number, leader: Uint8Array): TextBlocks {
  const starts = reused.starts.any(end - first + 1)
  const blockOf = reused.blockOf.any(end - first)
  let count = 0
  for (let i = first; i < end; i++) {
    if (leader[i - first] === 0) continue
    starts[count] = i
    blockOf[i - first] = count++
  }
  starts[count] = end
  const follows = reused.follows.any(count)
  const target = reused.target.any(count)
  for (let k = 0; k < count; k++) {
    const last = starts[k + 1] - 1
    const op = code.op[last]
    const jumps = isJump(op) && op !== OP_EXIT
    const always = op === OP_EXIT || op === OP_JA || op === OP_JA32
    if (!always && k + 1 === count) throw badCode(code.slots[last], "the code ends without exit")
    follows[k] = always ? -1 : k + 1
    target[k] = jumps ? blockOf[jumpTarget(code, last) - first] : -1
  }
  return { count, starts, follows, target }
}

/** The blocks that can be reached from the first one; each after what leads to it, but for jumps back. */
function inReversePostorder({ count, starts, follows, target }: TextBlocks): Block[] {
  const order = reused.order.any(count)
  const number = reused.number.any(count)
  const reached = postorder(count, follows, target, order)
  for (let n = 0; n < reached; n++) number[order[n]] = reached - 1 - n
  const blocks: (Block & { preds: number[] })[] = []
  for (let b = 0; b < reached; b++) {
    const k = order[reached - 1 - b]
    const one = follows[k] >= 0 ? follows[k] : target[k]
    const isTwo = follows[k] >= 0 && target[k] >= 0 && target[k] !== follows[k]
    const succs = one < 0 ? [] : isTwo ? [number[one], number[target[k]]] : [number[one]]
    blocks.push({ first: starts[k], end: starts[k + 1], succs, preds: [] })
  }
  for (let b = 0; b < reached; b++) for (const s of blocks[b].succs) blocks[s].preds = withOne(blocks[s].preds, b)
  return blocks
}

/** A list with one more number. Most have one or two, and lists that grow are made for many. */
function withOne(list: number[], one: number): number[] {
  if (list.length === 0) return [one]
  if (list.length === 1) return [list[0], one]
  list.push(one)
  return list
}

/** Puts the blocks that can be reached into `order`, each before what leads to it, and gives how many there are. */
function postorder(count: number, follows: Int32Array, target: Int32Array, order: Int32Array): number {
  // By block: 0 for one that was not seen yet, 1 when it is still to be looked where it jumps, 2 where it goes on, 3 when it is done.
  const seen = reused.seen.filled(count, 0)
  const path = reused.path.any(count)
  let depth = 0
  let reached = 0
  path[depth++] = 0
  seen[0] = 1
  while (depth > 0) {
    const k = path[depth - 1]
    // The jump comes first: what follows in the text comes first in the reverse of the order.
    const next = seen[k] === 1 ? target[k] : seen[k] === 2 ? follows[k] : -1
    if (seen[k]++ === 3) {
      order[reached++] = k
      depth--
    } else if (next >= 0 && seen[next] === 0) {
      seen[next] = 1
      path[depth++] = next
    }
  }
  return reached
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
