import * as o from "../../isa/index.ts"
import { removeUnreachable } from "./cfg.ts"
import { type MBlock, type MFunction, type MTerm, makeTerm, NO_REG, newMBlock } from "./mir.ts"
import { definedReg, OP_MOV_IMM, OP_MOV32_IMM } from "./operands.ts"

/**
 * Jumps that lead to a branch whose outcome is known go where it would go; before registers are allocated, so that the value that was only
 * tested is not kept at all:
 *
 *     b1: v1 = 0; goto b3          b1: v1 = 0; goto b5
 *     b3: if v1 == 0 goto b5
 *
 * Headers of loops are left alone: entering a loop elsewhere would make another loop of it.
 */
export function threadConstants(fn: MFunction): void {
  let changed = false
  for (const block of fn.blocks) {
    // A way may lead through several such branches.
    for (let round = 0; round < 8 && threadJump(block); round++) changed = true
  }
  if (!changed) return
  removeUnreachable(fn)
  splitCriticalEdges(fn)
}

function threadJump(block: MBlock): boolean {
  if (block.term.kind !== "jump") return false
  let [to] = block.term.targets
  while (to.insts.length === 0 && to.term.kind === "jump" && !to.header && to.term.targets[0] !== to)
    to = to.term.targets[0]
  if (to === block || to.header || to.insts.length > 0 || to.term.kind !== "br" || to.term.src !== NO_REG) return false
  if (to.term.dst === NO_REG) return false
  const value = constantAtEnd(block, to.term.dst)
  if (value === undefined) return false
  block.term.targets = [to.term.targets[holds(to.term, value) ? 0 : 1]]
  return true
}

/** The constant that a block leaves in a register. */
function constantAtEnd({ insts }: MBlock, r: number): bigint | undefined {
  for (let k = insts.length - 1; k >= 0; k--) {
    const i = insts[k]
    if (definedReg(i) !== r) continue
    if (i.core !== undefined) return undefined
    if (i.op === OP_MOV_IMM) return BigInt.asUintN(64, BigInt(i.imm))
    return i.op === OP_MOV32_IMM ? BigInt(i.imm >>> 0) : undefined
  }
  return undefined
}

/** Whether the comparison of a branch with its immediate holds for a value. */
function holds({ op, wide, imm }: MTerm, value: bigint): boolean {
  const bits = wide ? 64 : 32
  const a = BigInt.asUintN(bits, value)
  const b = BigInt.asUintN(bits, BigInt(imm))
  const sa = BigInt.asIntN(bits, a)
  const sb = BigInt.asIntN(bits, b)
  switch (op) {
    case o.BPF_JEQ:
      return a === b
    case o.BPF_JNE:
      return a !== b
    case o.BPF_JGT:
      return a > b
    case o.BPF_JGE:
      return a >= b
    case o.BPF_JLT:
      return a < b
    case o.BPF_JLE:
      return a <= b
    case o.BPF_JSGT:
      return sa > sb
    case o.BPF_JSGE:
      return sa >= sb
    case o.BPF_JSLT:
      return sa < sb
    case o.BPF_JSLE:
      return sa <= sb
    default:
      return (a & b) !== 0n
  }
}

/** Puts a block on each edge from a block with several successors to one with several predecessors: code of the edge goes there. */
function splitCriticalEdges(fn: MFunction): void {
  const placed: MBlock[] = []
  for (const block of fn.blocks) {
    placed.push(block)
    const { targets, span } = block.term
    if (targets.length < 2) continue
    for (let t = 0; t < targets.length; t++) {
      const to = targets[t]
      if (to.preds.length < 2) continue
      let { loop } = block
      while (loop !== undefined && !isInside(to, loop)) loop = loop.parent
      const middle = newMBlock(fn, loop)
      middle.term = makeTerm("jump", [to], span)
      targets[t] = middle
      placed.push(middle)
    }
  }
  fn.blocks = placed
  removeUnreachable(fn)
}

function isInside(block: MBlock, loop: NonNullable<MBlock["loop"]>): boolean {
  for (let l = block.loop; l !== undefined; l = l.parent) if (l === loop) return true
  return false
}
