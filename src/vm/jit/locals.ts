import { OP_MAY_GOTO } from "../../isa/index.ts"
import type { Halves } from "./halves.ts"
import { Reused } from "./reused.ts"
import { type Analysis, Kind } from "./values.ts"
import type { Bytes } from "./wasm/bytes.ts"
import { I32, I64 } from "./wasm/opcodes.ts"

/** The locals of a WebAssembly function. */
export interface Locals {
  /** By web; −1 for one that needs none. */
  readonly ofWeb: Int32Array
  /** Address of the lowest byte of the frame. */
  readonly bottom: number
  /** Back edges that may still be taken. */
  readonly fuel: number
  /** For a value that an instruction needs twice. */
  readonly temp32: number
  readonly temp64: number
  /** Turns that `bpf_loop` has made, and is to make. */
  readonly counter: number
  readonly limit: number
  /** Turns that `may_goto` still goes on for; −1 where there is none. */
  readonly turns: number
  /** Number of the block to go on with, where a dispatch loop does the jumps. */
  readonly next: number
  /** Types of those that are no parameters. */
  readonly types: readonly number[]
  /** One more, of a type. */
  readonly add: (type: number) => number
}

const reused = {
  ofWeb: new Reused(Int32Array),
  free32: new Reused(Int32Array),
  free64: new Reused(Int32Array),
  last: new Reused(Int32Array),
  first: new Reused(Int32Array),
  latest: new Reused(Int32Array),
  after: new Reused(Int32Array),
}

/**
 * Gives webs locals. A web that lives within one block gives its local back after its last event, so that a function has
 * about as many locals as there are values at one time.
 *
 * @param parameterTypes the types of the function's parameters: the end of its frame comes first, then r1 and on
 */
export function localsOf(a: Analysis, halves: Halves, parameterTypes: readonly number[]): Locals {
  const { webs, values, graph, events, range } = a
  const { narrow } = halves
  const ofWeb = reused.ofWeb.filled(webs.count, -1)
  for (let r = 1; r < parameterTypes.length; r++) {
    const web = webs.parameters[r]
    if (web >= 0 && (narrow[web] === 1 ? I32 : I64) === parameterTypes[r]) ofWeb[web] = r
  }
  const before = parameterTypes.length
  const mayGoto = hasMayGoto(a)
  const types: number[] = mayGoto ? [I32, I32, I32, I32, I32, I32, I32, I64] : [I32, I32, I32, I32, I32, I32, I64]
  const [bottom, fuel, next] = [before, before + 1, before + 2]
  const turns = mayGoto ? before + 3 : -1
  const temp32 = before + types.length - 4
  const [counter, limit, temp64] = [temp32 + 1, temp32 + 2, temp32 + 3]

  const last = lastEvents(a)
  const isLocal = (web: number): boolean => values.kind[web] === Kind.local && webs.reads[web] > 0
  for (let web = 0; web < webs.count; web++) {
    if (ofWeb[web] >= 0 || (webs.block[web] >= 0 && last[web] >= 0) || !isLocal(web)) continue
    ofWeb[web] = before + types.push(narrow[web] === 1 ? I32 : I64) - 1
  }
  // Locals that are free again, a list for each type.
  const free32 = reused.free32.any(webs.count)
  const free64 = reused.free64.any(webs.count)
  let count32 = 0
  let count64 = 0
  // By event the first and the latest web that end with it, and by web the next one of them.
  const eventCount = events.start[events.start.length - 1]
  const first = reused.first.filled(eventCount, -1)
  const latest = reused.latest.any(eventCount)
  const after = reused.after.any(webs.count)
  for (let b = 0; b < graph.blocks.length; b++) {
    const block = graph.blocks[b]
    const until = events.start[block.end - range.first]
    for (let e = events.start[block.first - range.first]; e < until; e++) {
      const web = webs.ofEvent[e]
      if (events.writes[e] === 1 && ofWeb[web] < 0 && isLocal(web)) {
        if (narrow[web] === 1) ofWeb[web] = count32 > 0 ? free32[--count32] : before + types.push(I32) - 1
        else ofWeb[web] = count64 > 0 ? free64[--count64] : before + types.push(I64) - 1
        const end = last[web]
        after[web] = -1
        if (first[end] < 0) first[end] = web
        else after[latest[end]] = web
        latest[end] = web
      }
      for (let over = first[e]; over >= 0; over = after[over]) {
        if (narrow[over] === 1) free32[count32++] = ofWeb[over]
        else free64[count64++] = ofWeb[over]
      }
    }
  }
  return {
    ofWeb,
    bottom,
    fuel,
    next,
    temp32,
    temp64,
    turns,
    counter,
    limit,
    types,
    add: type => before + types.push(type) - 1,
  }
}

/** By web: the last event at which its local is looked at; −1 for one that must keep its local. */
function lastEvents({ webs, values, events, graph, range }: Analysis): Int32Array {
  const last = reused.last.filled(webs.count, 0)
  for (let b = 0; b < graph.blocks.length; b++) {
    const until = events.start[graph.blocks[b].end - range.first]
    for (let e = events.start[graph.blocks[b].first - range.first]; e < until; e++) {
      const web = webs.ofEvent[e]
      const kind = values.kind[web]
      const root = kind === Kind.copy || kind === Kind.sum ? values.low[web] : web
      if (last[root] >= 0) last[root] = webs.block[root] === b ? e : -1
      const second = kind === Kind.sum ? values.second[web] : -1
      if (second >= 0 && last[second] >= 0) last[second] = webs.block[second] === b ? e : -1
    }
  }
  return last
}

/** Writes the declarations of locals: runs of the same type, counted. */
export function writeLocals(to: Bytes, { types }: Locals): void {
  let runs = 0
  for (let k = 0; k < types.length; k++) if (k === 0 || types[k] !== types[k - 1]) runs++
  to.u32(runs)
  for (let k = 0; k < types.length; ) {
    let end = k + 1
    while (end < types.length && types[end] === types[k]) end++
    to.u32(end - k)
    to.byte(types[k])
    k = end
  }
}

const hasMayGoto = ({ code, range }: Analysis): boolean => {
  for (let i = range.first; i < range.end; i++) if (code.op[i] === OP_MAY_GOTO) return true
  return false
}
