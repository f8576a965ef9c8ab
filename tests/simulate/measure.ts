import { SkepError } from "../../src/base/index.ts"
import { includeResolver, parseFlags, snapshotTarget } from "../../src/bpf/index.ts"
import { compile } from "../../src/compiler/index.ts"
import type { LoadedMap } from "../../src/machine/index.ts"
import type { BpfObject } from "../../src/object/index.ts"
import { simulate, workload } from "../../src/sim/index.ts"
import type { CorpusProgram } from "../compat/corpus.ts"
import { typeOf } from "../compat/measure.ts"
import { testSnapshot } from "../support/simulated.ts"
import { readCalls } from "./calls.ts"

/** What became of a program on the simulated kernel. */
export interface Simulated {
  readonly id: string
  /** The last thing that went well. */
  readonly reached: "nothing" | "compiled" | "loaded" | "attached" | "ran" | "seen"
  /** Places where it is attached, and those that the simulated kernel does not have. */
  readonly places: number
  readonly missing: readonly string[]
  /** Runs of its functions. */
  readonly runs: number
  /** What its tables hold, what it sent and printed at the end. */
  readonly output: string
  readonly failed?: string
}

const messageOf = (error: unknown): string =>
  error instanceof SkepError ? `${error.code}: ${error.message}` : String((error as Error).stack ?? error)

/** Compiles a program, attaches what it and its tool say, lets the workload run, and looks at what there is to see. */
export function measure(corpus: string, program: CorpusProgram, seconds: number): Simulated {
  const { id } = program
  const none = { id, places: 0, missing: [], runs: 0, output: "" }
  let object: BpfObject
  try {
    object = compiled(program)
  } catch (error) {
    return { ...none, reached: "nothing", failed: messageOf(error) }
  }
  const { machine, system } = simulate(testSnapshot(), { seed: 7 })
  const missing: string[] = []
  let places = 0
  try {
    const loaded = machine.load(object, { lazy: true })
    const functions = system.kernel.names.functions
    const calls = readCalls(corpus, id, functions)
    for (const { fn, type, target } of calls) {
      try {
        loaded.program(fn, { type }).attach(target)
        places++
      } catch (error) {
        if (!isPlace(error)) throw error
        missing.push(messageOf(error))
      }
    }
    for (const spec of object.programs) {
      const named = loaded.program(spec.name, { type: typeOf(program, spec) ?? "kprobe" })
      if (spec.attach === undefined || calls.some(({ fn }) => fn === spec.name)) continue
      try {
        named.attach()
        places++
      } catch (error) {
        if (!isPlace(error)) throw error
        missing.push(messageOf(error))
      }
    }
    let printed = 0
    machine.core.trace.listen(() => void printed++)
    const streams = [...loaded.maps.values()].filter(map => isStream(map)).map(map => map.events())
    if (places === 0) return { ...none, reached: "loaded", missing }
    workload("demo").start(system)
    try {
      system.run(seconds * 1e9)
    } catch (error) {
      return {
        ...none,
        reached: "attached",
        places,
        missing,
        runs: system.kernel.places.runs,
        failed: messageOf(error),
      }
    }
    let sent = 0
    for (const stream of streams) sent += stream.poll(() => {})
    const { runs } = system.kernel.places
    const tables = [...loaded.maps.values()].filter(map => !isStream(map)).map(map => `${map.name} ${entriesOf(map)}`)
    const output = [
      ...tables.filter(text => !text.endsWith(" 0")),
      sent > 0 ? `sent ${sent}` : "",
      printed > 0 ? `printed ${printed}` : "",
    ]
    const shown = output.filter(text => text !== "").join(", ")
    return {
      id,
      reached: runs === 0 ? "attached" : shown === "" ? "ran" : "seen",
      places,
      missing,
      runs,
      output: shown,
    }
  } catch (error) {
    return { ...none, reached: "compiled", missing, failed: messageOf(error) }
  }
}

function compiled({ id, text, cflags }: CorpusProgram): BpfObject {
  const flags = parseFlags(cflags)
  const resolve = includeResolver(flags.includes)
  return compile({ name: `${id}.c`, text, resolve, flags: flags.macros, target: snapshotTarget(), cpu: 4 }).object
}

const isPlace = (error: unknown): boolean =>
  error instanceof SkepError && (error.code === "SIM_NO_PLACE" || error.code === "VM_NO_PLACE")

const isStream = (map: LoadedMap): boolean => map.type === "perf_event_array" || map.type === "ringbuf"

/** Entries of a table, of an array those that are not zero. */
function entriesOf(map: LoadedMap): number {
  if (!/hash|array$|lpm/.test(map.type) || /prog|_of_|cgroup/.test(map.type)) return 0
  let count = 0
  for (const [, value] of map.entries()) if (!map.type.includes("array") || value.some(byte => byte !== 0)) count++
  return count
}
