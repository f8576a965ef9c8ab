import { OP_CALL } from "../../isa/index.ts"
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
  const prepared: Prepared[] = []
  const recursive = findRecursive(code)
  const parametersOf = (f: number): number => (recursive.has(f) ? 5 : prepare(f).parameters)
  const argumentsOf = (i: number): number => shapeOfCall(code, i, parametersOf).count
  const prepare = (f: number): Prepared => {
    if (prepared[f] !== undefined) return prepared[f]
    const range = code.functions[f]
    const graph = flowGraph(code, range.first, range.end)
    const events = eventsOf(code, range, argumentsOf)
    const live = liveAtStart(graph, events, range.first)
    const highest = 31 - Math.clz32(live[0] & 0x3f)
    const parameters = recursive.has(f) ? 5 : Math.max(0, highest)
    return (prepared[f] = { range, graph, events, live, parameters })
  }
  for (let f = 0; f < code.functions.length; f++) prepare(f)
  return prepared
}

const NONE: ReadonlySet<number> = new Set()

/** The functions that reach themselves by calls. */
function findRecursive(code: FlatCode): ReadonlySet<number> {
  if (code.calls.length === 0) return NONE
  const callees = calledBy(code)
  const recursive = new Set<number>()
  for (let f = 0; f < callees.length; f++) {
    const reached = new Set<number>(callees[f])
    for (const g of reached) for (const h of callees[g]) reached.add(h)
    if (reached.has(f)) recursive.add(f)
  }
  return recursive
}

/** By function: the functions that it calls. */
function calledBy(code: FlatCode): Set<number>[] {
  const called = code.functions.map(() => new Set<number>())
  let f = 0
  for (const i of code.calls) {
    while (i >= code.functions[f].end) f++
    if (code.op[i] === OP_CALL) called[f].add(calledFunction(code, i))
  }
  return called
}
