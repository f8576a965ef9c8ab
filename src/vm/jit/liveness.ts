import type { Events } from "./events.ts"
import type { FlowGraph } from "./flow.ts"
import { Reused } from "./reused.ts"

const reused = { reads: new Reused(Int32Array), written: new Reused(Int32Array) }

/** By block, as bits: the variables whose value at its start may be read. */
export function liveAtStart(graph: FlowGraph, events: Events, first: number): Int32Array {
  const { blocks } = graph
  const reads = reused.reads.filled(blocks.length, 0)
  const written = reused.written.filled(blocks.length, 0)
  for (let b = 0; b < blocks.length; b++) {
    const until = events.start[blocks[b].end - first]
    for (let e = events.start[blocks[b].first - first]; e < until; e++) {
      const bit = 1 << events.variable[e]
      if (events.writes[e] === 1) written[b] |= bit
      else if ((written[b] & bit) === 0) reads[b] |= bit
    }
  }
  const live = new Int32Array(blocks.length)
  for (let changed = true; changed; ) {
    changed = false
    for (let b = blocks.length - 1; b >= 0; b--) {
      let after = 0
      for (const s of blocks[b].succs) after |= live[s]
      const before = reads[b] | (after & ~written[b])
      if (before === live[b]) continue
      live[b] = before
      changed = graph.jumpsBack
    }
  }
  return live
}
