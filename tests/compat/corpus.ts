import { existsSync, readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { progTypes } from "../../src/isa/index.ts"
import type { ProgramType } from "../../src/object/index.ts"

/** A BPF program as one of BCC's tools hands it to `BPF(text=…)`, and what the tool does with its functions. */
export interface CorpusProgram {
  /** Name of its folder: `debian.biolatency.003`. */
  readonly id: string
  readonly tool: string
  /** The tool's arguments. */
  readonly argv: readonly string[]
  readonly text: string
  readonly cflags: readonly string[]
  /** Types of the functions that the tool loads or attaches; the others say by their names or contexts what they are. */
  readonly types: ReadonlyMap<string, ProgramType>
}

interface Meta {
  readonly tool: string
  readonly argv: readonly string[]
  readonly cflags: readonly string[]
  readonly calls: readonly (readonly [method: string, args: unknown, named: { readonly fn_name?: string }])[]
  readonly loads: readonly { readonly fn: string; readonly prog_type: number }[]
  readonly usdt_contexts: readonly { readonly enabled: readonly (readonly [probe: string, fn: string])[] }[]
}

/** What a method that attaches a function makes of it. */
const ATTACHED: Readonly<Record<string, ProgramType>> = {
  attach_kprobe: "kprobe",
  attach_kretprobe: "kprobe",
  attach_uprobe: "kprobe",
  attach_uretprobe: "kprobe",
  attach_tracepoint: "tracepoint",
  attach_raw_tracepoint: "raw_tracepoint",
  attach_perf_event: "perf_event",
  attach_perf_event_raw: "perf_event",
}

/** The programs of a folder `DIR/programs/ID/{prog.c,usdt.h,meta.json}`, by name; those whose name has one of the words when there are any. */
export function readCorpus(dir: string, words: readonly string[] = []): CorpusProgram[] {
  const folder = join(dir, "programs")
  const ids = readdirSync(folder).filter(id => existsSync(join(folder, id, "meta.json")))
  const wanted = ids.filter(id => words.length === 0 || words.some(word => id.includes(word)))
  return wanted.sort().map(id => readProgram(join(folder, id), id))
}

function readProgram(dir: string, id: string): CorpusProgram {
  const meta = JSON.parse(readFileSync(join(dir, "meta.json"), "utf8")) as Meta
  const readers = join(dir, "usdt.h")
  // What BPF() puts in front of the text: functions that read the arguments of USDT probes.
  const before = existsSync(readers) ? readFileSync(readers, "utf8") : ""
  const text = before + readFileSync(join(dir, "prog.c"), "utf8")
  return { id, tool: meta.tool, argv: meta.argv, text, cflags: meta.cflags, types: typesOf(meta) }
}

function typesOf(meta: Meta): Map<string, ProgramType> {
  const types = new Map<string, ProgramType>()
  for (const context of meta.usdt_contexts) for (const [, fn] of context.enabled) types.set(fn, "kprobe")
  for (const [method, , { fn_name }] of meta.calls) {
    if (fn_name !== undefined && Object.hasOwn(ATTACHED, method)) types.set(fn_name, ATTACHED[method])
  }
  for (const { fn, prog_type } of meta.loads) types.set(fn, progTypes.name(prog_type) as ProgramType)
  return types
}

/** What BCC made of each program, by its name; undefined without a `DIR/baseline/baseline.json`. */
export function readBaseline(dir: string): Map<string, Baseline> | undefined {
  const file = join(dir, "baseline", "baseline.json")
  if (!existsSync(file)) return undefined
  const { programs } = JSON.parse(readFileSync(file, "utf8")) as { programs: (Baseline & { id: string })[] }
  return new Map(programs.map(program => [program.id, program]))
}

export interface Baseline {
  readonly ok: boolean
  readonly compile_s: number | null
  readonly rss_mb?: number
  readonly error?: string
  readonly functions?: readonly {
    readonly name: string
    readonly insns: number
    readonly load?: "ok" | "fail"
    readonly load_error?: string
  }[]
}
