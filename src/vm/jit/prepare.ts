import * as o from "../../isa/index.ts"
import { shapeOfCall } from "./calls.ts"
import { type Events, eventsOf } from "./events.ts"
import { type FlowGraph, flowGraph } from "./flow.ts"
import { type CodeRange, calledFunction, type FlatCode } from "./functions.ts"
import { liveAtStart } from "./liveness.ts"

/** A function that was taken apart as far as its own code goes. */
export interface Prepared {
  readonly range: CodeRange
  readonly graph: FlowGraph
  readonly events: Events
  /** By block, as bits: variables whose value at its start may be read. */
  readonly live: Int32Array
  /** The highest of r1 to r5 that it reads before it writes: its parameters. */
  readonly parameters: number
}

/**
 * Takes all functions of a program apart: those that are called before those that call them, as what a call reads is what
 * the function takes. Functions that call themselves in the end take all five.
 * @throws SkepError VM_BAD_CODE
 */
export function prepareFunctions(code: FlatCode): readonly Prepared[] {
  const graphs = code.functions.map(({ first, end }) => flowGraph(code, first, end))
  const callees = graphs.map(graph => calledBy(code, graph))
  const prepared: Prepared[] = []
  const recursive = findRecursive(callees)
  const parametersOf = (f: number): number => (recursive.has(f) ? 5 : prepare(f).parameters)
  const prepare = (f: number): Prepared => {
    if (prepared[f] !== undefined) return prepared[f]
    const range = code.functions[f]
    const events = eventsOf(code, range, i => shapeOfCall(code, i, parametersOf).count)
    const live = liveAtStart(graphs[f], events, range.first)
    const highest = 31 - Math.clz32(live[0] & 0x3f)
    const parameters = recursive.has(f) ? 5 : Math.max(0, highest)
    return (prepared[f] = { range, graph: graphs[f], events, live, parameters })
  }
  for (let f = 0; f < graphs.length; f++) prepare(f)
  return prepared
}

/** The functions that a function calls. */
function calledBy(code: FlatCode, { blocks }: FlowGraph): Set<number> {
  const found = new Set<number>()
  for (const { first, end } of blocks) {
    for (let i = first; i < end; i++) {
      const insn = code.insns[i]
      if (insn.op === o.OP_CALL && insn.src === o.BPF_PSEUDO_CALL) found.add(calledFunction(code, i))
    }
  }
  return found
}

/** The functions that reach themselves by calls. */
function findRecursive(callees: readonly ReadonlySet<number>[]): ReadonlySet<number> {
  const recursive = new Set<number>()
  for (let f = 0; f < callees.length; f++) {
    const reached = new Set<number>(callees[f])
    for (const g of reached) for (const h of callees[g]) reached.add(h)
    if (reached.has(f)) recursive.add(f)
  }
  return recursive
}
