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

// Of the function that was last taken apart: by block, before webs are joined, by event, by web, by variable.
const reused = {
  starts: new Reused(Int32Array),
  ends: new Reused(Int32Array),
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

/** Finds the webs of a function whose first `parameters` registers from r1 on have values at its start. */
export function websOf(
  graph: FlowGraph,
  events: Events,
  live: Int32Array,
  first: number,
  parameterCount: number,
): Webs {
  const { blocks } = graph
  const parent: number[] = []
  const fresh = (): number => parent.push(parent.length) - 1
  const find = (web: number): number => {
    while (parent[web] !== web) web = parent[web] = parent[parent[web]]
    return web
  }
  const eventCount = events.start[events.start.length - 1]
  const raw = reused.raw.filled(eventCount, 0)
  const outside = reused.outside.filled(MAX_VARIABLES, -1)
  const undefinedWebs: number[] = []
  for (let v = 0; v < MAX_VARIABLES; v++) {
    if (((live[0] >> v) & 1) === 0) continue
    outside[v] = fresh()
    if (v < 1 || v > parameterCount) undefinedWebs.push(outside[v])
  }

  // What each block starts and ends with, a row of variables each; −1 where a variable has no value.
  const starts = reused.starts.any(blocks.length * ROW)
  const ends = reused.ends.any(blocks.length * ROW)
  for (let b = 0; b < blocks.length; b++) {
    const { preds } = blocks[b]
    const row = b * ROW
    if (b === 0 && preds.length === 0) for (let v = 0; v < ROW; v++) ends[v] = outside[v]
    else if (b !== 0 && preds.length === 1) {
      const before = preds[0] * ROW
      for (let v = 0; v < ROW; v++) ends[row + v] = ends[before + v]
    } else {
      // Only what comes together here is looked at again.
      for (let v = 0; v < ROW; v++) starts[row + v] = ends[row + v] = ((live[b] >> v) & 1) === 1 ? fresh() : -1
    }
    const until = events.start[blocks[b].end - first]
    for (let e = events.start[blocks[b].first - first]; e < until; e++) {
      const at = row + events.variable[e]
      if (events.writes[e] === 1) ends[at] = fresh()
      else if (ends[at] < 0) undefinedWebs.push((ends[at] = fresh()))
      raw[e] = ends[at]
    }
  }
  const join = (b: number, from: Int32Array, row: number): void => {
    for (let v = 0; v < ROW; v++) {
      if (((live[b] >> v) & 1) === 0) continue
      const here = starts[b * ROW + v]
      // A way on which nothing was written brings a value, too: nobody knows which.
      if (from[row + v] < 0) undefinedWebs.push(here)
      else parent[find(from[row + v])] = find(here)
    }
  }
  for (let b = 0; b < blocks.length; b++) {
    const { preds } = blocks[b]
    if (b === 0 ? preds.length === 0 : preds.length === 1) continue
    if (b === 0) join(b, outside, 0)
    for (const pred of preds) join(b, ends, pred * ROW)
  }

  // Numbers without gaps, and what is counted by web.
  const number = reused.number.filled(parent.length, -1)
  let count = 0
  const numberOf = (web: number): number => {
    const root = find(web)
    return number[root] < 0 ? (number[root] = count++) : number[root]
  }
  const parameters = reused.parameters.filled(6, -1)
  for (let r = 1; r <= parameterCount; r++) if (outside[r] >= 0) parameters[r] = numberOf(outside[r])
  const ofEvent = reused.ofEvent.filled(eventCount, 0)
  const writes = reused.writes.filled(parent.length, 0)
  const reads = reused.reads.filled(parent.length, 0)
  const writer = reused.writer.filled(parent.length, -1)
  const block = reused.block.filled(parent.length, -2)
  for (let r = 1; r <= parameterCount; r++) {
    if (parameters[r] < 0) continue
    writes[parameters[r]]++
    block[parameters[r]] = -1
  }
  for (const web of undefinedWebs) {
    writes[numberOf(web)] += 2
    block[numberOf(web)] = -1
  }
  for (let b = 0; b < blocks.length; b++) {
    const until = events.start[blocks[b].end - first]
    for (let e = events.start[blocks[b].first - first]; e < until; e++) {
      const web = (ofEvent[e] = numberOf(raw[e]))
      if (events.writes[e] === 1) {
        writes[web]++
        writer[web] = e
      } else reads[web]++
      block[web] = block[web] === -2 || block[web] === b ? b : -1
    }
  }
  return { count, ofEvent, parameters, writes, reads, writer, block }
}
