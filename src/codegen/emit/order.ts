import * as o from "../../isa/index.ts"
import { type MBlock, type MFunction, type MTerm, NO_REG } from "../mir/mir.ts"
import type { CpuLevel } from "../options.ts"
import { inverseJump } from "./branch.ts"
import { isInside, WaysRound } from "./wayRound.ts"

/**
 * The order in which blocks are placed, so that few jumps are needed: blocks are linked to the successor that follows them, and the chains
 * are placed in reverse post-order, loops in one piece, ends of the function late.
 */
export function orderBlocks(fn: MFunction, cpu: CpuLevel): MBlock[] {
  const preferred = (block: MBlock) => preferredWays(block, cpu)
  const order = reversePostOrder(fn, cpu)
  const rank = new Map(order.map((b, i) => [b, i]))
  const next = new Map<MBlock, MBlock>()
  const chain = new Map<MBlock, MBlock>(order.map(b => [b, b]))
  const headOf = (b: MBlock): MBlock => {
    let head = b
    while (chain.get(head) !== head) head = chain.get(head)!
    for (let at = b; at !== head; ) {
      const up = chain.get(at)!
      chain.set(at, head)
      at = up
    }
    return head
  }
  const followed = new Set<MBlock>([fn.blocks[0]])
  const link = (from: MBlock, to: MBlock): boolean => {
    if (next.has(from) || followed.has(to) || headOf(from) === headOf(to)) return false
    next.set(from, to)
    followed.add(to)
    chain.set(to, headOf(from))
    return true
  }
  // The last of a loop's branches that may go round shortly gets that way behind it.
  const ways = new WaysRound(fn, rank)
  for (let i = order.length - 1; i >= 0; i--) {
    const short = ways.shortWay(order[i])
    if (short !== undefined) link(order[i], short)
  }
  // A branch with a way that nothing else leads to: following it is free.
  for (const block of order) {
    if (block.term.kind === "br") preferred(block).some(t => t.preds.length === 1 && link(block, t))
  }
  // A jump to what follows is saved. The last of several blocks before a join gets it.
  for (let i = order.length - 1; i >= 0; i--) {
    const { term } = order[i]
    if (term.kind === "jump" && rank.get(term.targets[0])! > i) link(order[i], term.targets[0])
  }
  for (const block of order) if (block.term.kind === "jump") link(block, block.term.targets[0])
  for (const block of order) if (block.term.kind === "br") preferred(block).some(t => link(block, t))
  const placed: MBlock[] = []
  for (const head of order) {
    if (head !== fn.blocks[0] && followed.has(head)) continue
    for (let b: MBlock | undefined = head; b !== undefined; b = next.get(b)) placed.push(b)
  }
  return placed
}

/** Ways of a branch, the one to be placed right behind it first. */
function preferredWays({ term, loop }: MBlock, cpu: CpuLevel): MBlock[] {
  const [then, other] = term.targets
  const weight = (b: MBlock): number => {
    const leaves = loop !== undefined && !isInside(b, loop)
    return (leaves ? 2 : 0) + (b.term.kind === "exit" || b.term.kind === "unreachable" ? 1 : 0)
  }
  const difference = weight(then) - weight(other)
  if (difference === 0 && (inverseJump(term, cpu) === undefined || givesUp(term))) return [other, then]
  return difference <= 0 ? [then, other] : [other, then]
}

/**
 * Whether a branch is taken where a number is above a constant, or a pointer null: there something is given up, mostly. The verifier walks what is
 * not taken first, and leaves out what it meets with less freedom later: what goes on comes first.
 */
const givesUp = ({ op, src, imm }: MTerm): boolean =>
  src === NO_REG &&
  ((op === o.BPF_JEQ && imm === 0) || op === o.BPF_JGT || op === o.BPF_JGE || op === o.BPF_JSGT || op === o.BPF_JSGE)

/** Reverse post-order in which what leaves a loop, and what ends the function, comes after the rest. */
function reversePostOrder(fn: MFunction, cpu: CpuLevel): MBlock[] {
  const order: MBlock[] = []
  const seen = new Set<MBlock>([fn.blocks[0]])
  const path: { block: MBlock; ways: MBlock[] }[] = [{ block: fn.blocks[0], ways: waysOf(fn.blocks[0], cpu) }]
  while (path.length > 0) {
    const { block, ways } = path[path.length - 1]
    // The way that is visited last comes first in the result.
    const to = ways.pop()
    if (to === undefined) {
      order.push(block)
      path.pop()
    } else if (!seen.has(to)) {
      seen.add(to)
      path.push({ block: to, ways: waysOf(to, cpu) })
    }
  }
  return order.reverse()
}

const waysOf = (block: MBlock, cpu: CpuLevel): MBlock[] =>
  block.term.kind === "br" ? preferredWays(block, cpu) : [...block.term.targets]
