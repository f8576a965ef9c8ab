import { Reused } from "./reused.ts"
import type { Analysis } from "./values.ts"

/** Who reads a web. */
export interface Uses {
  /** By web: the place of its first reader in `insns`; one more at the end. */
  readonly start: Int32Array
  /** Instructions, counted from the function's first. */
  readonly insns: Int32Array
}

const reused = { start: new Reused(Int32Array), insns: new Reused(Int32Array) }

/** The readers of all webs. One that reads a web twice is there twice. */
export function usesOf({ webs, events, graph, range }: Analysis): Uses {
  const start = reused.start.any(webs.count + 1)
  let total = 0
  for (let web = 0; web < webs.count; web++) start[web] = total += webs.reads[web]
  start[webs.count] = total
  const insns = reused.insns.any(total)
  // Each place counts down from the end of its readers to the first of them.
  for (const block of graph.blocks) {
    for (let k = block.first - range.first; k < block.end - range.first; k++) {
      for (let e = events.start[k]; e < events.start[k + 1]; e++) {
        if (events.writes[e] === 0) insns[--start[webs.ofEvent[e]]] = k
      }
    }
  }
  return { start, insns }
}
