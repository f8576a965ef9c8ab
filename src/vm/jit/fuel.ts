import * as o from "../../isa/index.ts"
import type { FlowGraph } from "./flow.ts"
import type { CountedLoop } from "./loops.ts"
import type { Analysis } from "./values.ts"

/** What a turn of a loop takes of the budget: as many instructions as its longest jump back goes over. */
export function costOfTurn({ blocks, irreducible }: FlowGraph, header: number): number {
  let cost = 1
  if (irreducible) return cost
  for (const pred of blocks[header].preds) {
    if (pred >= header) cost = Math.max(cost, blocks[pred].end - blocks[header].first)
  }
  return cost
}

/** Longer loops are paid for by the turn: what several of them take at once has to be a 32-bit number, too. */
const MOST = 2 ** 24

/**
 * Loops that are paid for before they begin, by their headers, with what all their turns take: counted loops that nothing
 * leaves early. A call may be a tail call, and a load of a packet that is too short ends the function.
 *
 *     fuel −= 64 · 3
 *     if fuel < 0 goto spent
 *     for (i = 0; i < 64; i++) …
 */
export function prepaidLoops({ graph, code }: Analysis, loops: readonly CountedLoop[]): ReadonlyMap<number, number> {
  const found = new Map<number, number>()
  const leaves = (i: number): boolean => {
    const op = code.op[i]
    return op === o.OP_CALL || ((op & o.BPF_CLASS_MASK) === o.BPF_LD && op !== o.OP_LDDW)
  }
  for (const { header, blocks, testsFirst, turns } of loops) {
    const cost = costOfTurn(graph, header) * (testsFirst ? turns + 1 : turns)
    if (cost > MOST) continue
    const stays = blocks.every(b => {
      for (let i = graph.blocks[b].first; i < graph.blocks[b].end; i++) if (leaves(i)) return false
      return true
    })
    if (stays) found.set(header, cost)
  }
  return found
}
