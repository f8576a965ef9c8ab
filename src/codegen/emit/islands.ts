import * as o from "../../isa/index.ts"
import { type MBlock, type MFunction, type MTerm, makeTerm, newMBlock, OP_FRAME_ADDR } from "../mir/mir.ts"
import type { CpuLevel } from "../options.ts"

/** Distances of ordinary jumps are 16 bits; room is left for what is inserted on the way. */
const REACH = 32_000
/** Longest block in a function that needs islands, so that there is a place for one everywhere. */
const MAX_BLOCK = 4_000

/** Blocks in their order, and the jumps that need 32 bits (level 4). */
export interface Relaxed {
  readonly order: readonly MBlock[]
  readonly far: ReadonlySet<MTerm>
}

/**
 * Makes every jump reach its target. Level 4 has a jump of 32 bits; before, a jump goes from island to island, blocks that only jump on:
 *
 *     if r1 == 0 goto far         if r1 == 0 goto near
 *     …                           …
 *                                 near: goto far           (between two blocks)
 */
export function relaxJumps(fn: MFunction, order: readonly MBlock[], cpu: CpuLevel): Relaxed {
  const far = new Set<MTerm>()
  let size = 0
  for (const block of order) size += sizeOf(block)
  if (size <= REACH) return { order, far }
  let placed = order.flatMap(block => cut(fn, block))
  for (;;) {
    const starts = positions(placed)
    const index = new Map(placed.map((b, k) => [b, k]))
    const islands = new Map<MBlock, MBlock[]>()
    placed.forEach((block, k) => {
      const { term } = block
      const from = starts[k + 1]
      for (let t = 0; t < term.targets.length; t++) {
        const distance = starts[index.get(term.targets[t])!] - from
        if (Math.abs(distance) <= REACH || far.has(term)) continue
        if (cpu >= 4 && term.kind === "jump") {
          far.add(term)
          continue
        }
        const after = cpu >= 4 ? block : placed[boundary(starts, k, distance)]
        term.targets[t] = islandAfter(fn, islands, after, term.targets[t], term)
      }
    })
    if (islands.size === 0) return { order: placed, far }
    placed = placed.flatMap(block => [block, ...(islands.get(block) ?? [])])
  }
}

/** Upper bound of a block's slots: a branch may need a jump beside it. */
function sizeOf({ insts, term }: MBlock): number {
  let size = term.kind === "jump" || term.kind === "exit" ? 1 : 2
  for (const i of insts) size += i.op === o.OP_LDDW || i.op === OP_FRAME_ADDR ? 2 : 1
  return size
}

function positions(blocks: readonly MBlock[]): number[] {
  const starts = [0]
  for (const block of blocks) starts.push(starts[starts.length - 1] + sizeOf(block))
  return starts
}

/** Cuts a long block into pieces that follow each other. */
function cut(fn: MFunction, block: MBlock): MBlock[] {
  const pieces = [block]
  for (let last = block; last.insts.length > MAX_BLOCK; ) {
    const rest = newMBlock(fn, block.loop)
    rest.insts = last.insts.splice(MAX_BLOCK)
    rest.term = last.term
    last.term = makeTerm("jump", [rest], rest.term.span)
    pieces.push(rest)
    last = rest
  }
  return pieces
}

/** Index of the block, in the direction of the jump, behind which an island can still be reached. */
function boundary(starts: readonly number[], from: number, distance: number): number {
  const origin = starts[from + 1]
  let k = from
  if (distance > 0) while (starts[k + 2] - origin <= REACH - MAX_BLOCK) k++
  else while (k > 0 && origin - starts[k] <= REACH - MAX_BLOCK) k--
  return k
}

function islandAfter(fn: MFunction, islands: Map<MBlock, MBlock[]>, after: MBlock, to: MBlock, term: MTerm): MBlock {
  let list = islands.get(after)
  if (list === undefined) islands.set(after, (list = []))
  let island = list.find(b => b.term.targets[0] === to)
  if (island === undefined) {
    island = newMBlock(fn, undefined)
    island.term = makeTerm("jump", [to], term.span)
    list.push(island)
  }
  return island
}
