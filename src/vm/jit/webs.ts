import { type Events, MAX_VARIABLES } from "./events.ts"
import type { FlowGraph } from "./flow.ts"
import { Reused } from "./reused.ts"

/**
 * Variables taken apart: a web is the writes of a variable that can reach a common read, and the reads they reach. r1 of
 * the first lines of a function has nothing to do with r1 of the last ones.
 *
 *     r1 = 1        web 0
 *     r2 = r1       web 1 ← 0
 *     r1 = r0       web 2
 */
export interface Webs {
  readonly count: number
  /** By event. Events of code that is not reached have web 0. */
  readonly ofEvent: Int32Array
  /** By parameter r1 … r5: its web; −1 where it is not read. */
  readonly parameters: Int32Array
  /** By web: writes, what comes in at the start of the function among them. A web of one write has one value at all its reads. */
  readonly writes: Int32Array
  /** By web: reads. */
  readonly reads: Int32Array
  /** By web: the last write, as an event; −1 for what comes in at the start. */
  readonly writer: Int32Array
  /** By web: the block of all its events; −1 when there are several. */
  readonly block: Int32Array
}

/** Variables of a block, one after another. */
const ROW = MAX_VARIABLES

// Of the function that was last taken apart.
const reused = {
  starts: new Reused(Int32Array),
  ends: new Reused(Int32Array),
  parent: new Reused(Int32Array),
  raw: new Reused(Int32Array),
  number: new Reused(Int32Array),
  ofEvent: new Reused(Int32Array),
  writes: new Reused(Int32Array),
  reads: new Reused(Int32Array),
  writer: new Reused(Int32Array),
  block: new Reused(Int32Array),
  outside: new Reused(Int32Array),
  parameters: new Reused(Int32Array),
}

/** The lowest variable of a set that is not empty. */
const lowest = (set: number): number => 31 - Math.clz32(set & -set)

/** Finds the webs of a function whose first `parameters` registers from r1 on have values at its start. */
export function websOf(
  graph: FlowGraph,
  events: Events,
  live: Int32Array,
  first: number,
  parameterCount: number,
): Webs {
  const { blocks } = graph
  const { start, variable, writes: isWrite } = events
  const eventCount = start[start.length - 1]
  // Every event, and every variable at the start of a block or of the function may begin a web. Those that meet are joined.
  const parent = reused.parent.any(eventCount + (blocks.length + 1) * ROW)
  let made = 0
  const raw = reused.raw.any(eventCount)
  const outside = reused.outside.filled(ROW, -1)
  for (let set = live[0]; set !== 0; set &= set - 1) {
    parent[made] = made
    outside[lowest(set)] = made++
  }

  // What each block starts and ends with, a row of variables each: those that are live there, or written in it.
  const starts = reused.starts.any(blocks.length * ROW)
  const ends = reused.ends.any(blocks.length * ROW)
  for (let b = 0; b < blocks.length; b++) {
    const { preds } = blocks[b]
    const row = b * ROW
    const before = isJoined(b, preds) ? -1 : b === 0 ? 0 : preds[0] * ROW
    for (let set = live[b]; set !== 0; set &= set - 1) {
      const v = lowest(set)
      if (before < 0) {
        parent[made] = made
        starts[row + v] = made
        ends[row + v] = made++
      } else ends[row + v] = b === 0 ? outside[v] : ends[before + v]
    }
    const until = start[blocks[b].end - first]
    for (let e = start[blocks[b].first - first]; e < until; e++) {
      const at = row + variable[e]
      if (isWrite[e] === 1) {
        parent[made] = made
        ends[at] = made++
      }
      raw[e] = ends[at]
    }
  }
  for (let b = 0; b < blocks.length; b++) {
    const { preds } = blocks[b]
    if (!isJoined(b, preds)) continue
    for (let set = live[b]; set !== 0; set &= set - 1) {
      const v = lowest(set)
      const here = starts[b * ROW + v]
      if (b === 0) parent[find(parent, outside[v])] = find(parent, here)
      for (let n = 0; n < preds.length; n++) parent[find(parent, ends[preds[n] * ROW + v])] = find(parent, here)
    }
  }

  // Numbers without gaps, and what is counted by web.
  const number = reused.number.filled(made, -1)
  const ofEvent = reused.ofEvent.filled(eventCount, 0)
  const writes = reused.writes.any(made)
  const reads = reused.reads.any(made)
  const writer = reused.writer.any(made)
  const block = reused.block.any(made)
  let count = 0
  const numberOf = (web: number, inBlock: number): number => {
    const root = find(parent, web)
    if (number[root] >= 0) return number[root]
    writes[count] = 0
    reads[count] = 0
    writer[count] = -1
    block[count] = inBlock
    return (number[root] = count++)
  }
  const parameters = reused.parameters.filled(6, -1)
  for (let r = 1; r <= parameterCount; r++) {
    if (outside[r] < 0) continue
    const web = (parameters[r] = numberOf(outside[r], -1))
    writes[web]++
  }
  for (let v = 0; v < ROW; v++) {
    if (outside[v] < 0 || (v >= 1 && v <= parameterCount)) continue
    // Nobody knows its value: it is never one that a single write gives.
    const web = numberOf(outside[v], -1)
    writes[web] += 2
    block[web] = -1
  }
  for (let b = 0; b < blocks.length; b++) {
    const until = start[blocks[b].end - first]
    for (let e = start[blocks[b].first - first]; e < until; e++) {
      const web = numberOf(raw[e], b)
      ofEvent[e] = web
      if (isWrite[e] === 1) {
        writes[web]++
        writer[web] = e
      } else reads[web]++
      if (block[web] !== b) block[web] = -1
    }
  }
  return { count, ofEvent, parameters, writes, reads, writer, block }
}

/** Whether values from several places come together at the start of a block. The first one is come to from outside, too. */
const isJoined = (b: number, preds: readonly number[]): boolean => preds.length !== (b === 0 ? 0 : 1)

/** What stands for all webs that a web was joined with. */
function find(parent: Int32Array, web: number): number {
  let at = web
  while (parent[at] !== at) {
    parent[at] = parent[parent[at]]
    at = parent[at]
  }
  return at
}
