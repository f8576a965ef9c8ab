import { SkepError } from "../../src/base/index.ts"
import { includeResolver, parseFlags, snapshotTarget } from "../../src/bpf/index.ts"
import { compile } from "../../src/compiler/index.ts"
import type { Loaded, LoadedMap } from "../../src/machine/index.ts"
import type { BpfObject } from "../../src/object/index.ts"
import { simulate, workload } from "../../src/sim/index.ts"
import type { CorpusProgram } from "../compat/corpus.ts"
import { typeOf } from "../compat/measure.ts"
import { testSnapshot } from "../support/simulated.ts"
import { readCalls, tablesOf } from "./calls.ts"
import { fillTables, numbersOf } from "./setup.ts"

/** What became of a program on the simulated kernel. */
export interface Simulated {
  readonly id: string
  readonly argv: readonly string[]
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

/** Number of the first process, where the tool names none. */
const FIRST = 1200
/** Processes and threads of the workload among which one that the tool names is looked for. */
const MOST_PROCESSES = 32

const messageOf = (error: unknown): string =>
  error instanceof SkepError ? `${error.code}: ${error.message}` : String((error as Error).stack ?? error)

/**
 * Compiles a program, attaches what it and its tool say, lets the workload run, and looks at what there is to see. A tool that is pointed at a
 * process (`-p 181`) is tried with each of the workload's processes having that number.
 */
export function measure(corpus: string, program: CorpusProgram, seconds: number): Simulated {
  const { id, argv } = program
  let object: BpfObject
  try {
    object = compiled(program)
  } catch (error) {
    return { id, argv, places: 0, missing: [], runs: 0, output: "", reached: "nothing", failed: messageOf(error) }
  }
  const first = simulated(corpus, program, object, seconds, FIRST)
  if (first.reached !== "ran") return first
  const numbers = numbersOf(argv).filter(number => number > MOST_PROCESSES + 50 && program.text.includes(`${number}`))
  for (const number of new Set(numbers)) {
    for (let before = 0; before < MOST_PROCESSES; before++) {
      const pointed = simulated(corpus, program, object, seconds, number - before)
      if (pointed.reached === "seen") return pointed
    }
  }
  return first
}

function simulated(
  corpus: string,
  program: CorpusProgram,
  object: BpfObject,
  seconds: number,
  firstProcess: number,
): Simulated {
  const { machine, system } = simulate(testSnapshot(), { seed: 7, firstProcess })
  const missing: string[] = []
  let places = 0
  const done = (reached: Simulated["reached"], output = "", failed?: string): Simulated => {
    const { id, argv } = program
    return { id, argv, reached, places, missing, runs: system.kernel.places.runs, output, failed }
  }
  try {
    const loaded = machine.load(object, { lazy: true })
    workload("demo").start(system)
    fillTables(loaded.maps.values(), system)
    const calls = readCalls(corpus, program.id, system.kernel.names.functions)
    const attach = (act: () => unknown): void => {
      try {
        act()
        places++
      } catch (error) {
        if (!isPlace(error)) throw error
        missing.push(messageOf(error))
      }
    }
    for (const { fn, type, target } of calls) attach(() => loaded.program(fn, { type }).attach(target))
    for (const spec of object.programs) {
      const named = loaded.program(spec.name, { type: typeOf(program, spec) ?? "kprobe" })
      if (spec.attach !== undefined && !calls.some(({ fn }) => fn === spec.name)) attach(() => named.attach())
    }
    if (places === 0) return done("loaded")
    const output = new Output(loaded, tablesOf(corpus, program.id))
    machine.core.trace.listen(() => void output.printed++)
    try {
      system.run(seconds * 1e9)
    } catch (error) {
      return done("attached", "", messageOf(error))
    }
    const shown = output.text()
    return done(system.kernel.places.runs === 0 ? "attached" : shown === "" ? "ran" : "seen", shown)
  } catch (error) {
    return done("compiled", "", messageOf(error))
  }
}

/** What a program lets its tool see: what changed in the tables that the tool reads, what it sent and printed. */
class Output {
  printed = 0
  readonly #streams
  readonly #tables

  constructor(loaded: Loaded, read: ReadonlySet<string>) {
    const maps = [...loaded.maps.values()].filter(({ name }) => read.size === 0 || read.has(name))
    this.#streams = maps.filter(isStream).map(map => map.events())
    this.#tables = maps.filter(isTable).map(map => ({ map, before: new Set(elements(map)) }))
  }

  text(): string {
    let sent = 0
    for (const stream of this.#streams) sent += stream.poll(() => {})
    const parts = this.#tables.map(({ map, before }) => {
      const changed = elements(map).filter(element => !before.has(element)).length
      return changed > 0 ? `${map.name} ${changed}` : ""
    })
    if (sent > 0) parts.push(`sent ${sent}`)
    if (this.printed > 0) parts.push(`printed ${this.printed}`)
    return parts.filter(part => part !== "").join(", ")
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
const isTable = (map: LoadedMap): boolean =>
  /hash|array$|lpm/.test(map.type) && !/prog|_of_|cgroup/.test(map.type) && !isStream(map) && map.name !== ".rodata"

/** Elements of a table as texts, of an array those that are not zero. */
function elements(map: LoadedMap): string[] {
  const found: string[] = []
  for (const [key, value] of map.entries()) {
    if (!map.type.includes("array") || value.some(byte => byte !== 0)) found.push(`${key}=${value}`)
  }
  return found
}
