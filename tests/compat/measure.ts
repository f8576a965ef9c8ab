import { SkepError } from "../../src/base/index.ts"
import { includeResolver, parseFlags } from "../../src/bpf/index.ts"
import { runningCpu, runningTarget } from "../../src/bpf/target.ts"
import { type CompileOptions, type CompileResult, compile, type Target } from "../../src/compiler/index.ts"
import { objInfo } from "../../src/kernel/bpf/index.ts"
import { KernelMachine } from "../../src/kernel/index.ts"
import type { Loaded } from "../../src/machine/index.ts"
import type { BpfObject, ProgramSpec, ProgramType } from "../../src/object/index.ts"
import { kernelFunctions } from "../../src/symbols/index.ts"
import type { CorpusProgram } from "./corpus.ts"

/** Why a program did not compile or a function did not load. */
export interface Failure {
  readonly code: string
  readonly message: string
  readonly hint?: string
  /** The kernel was asked for a helper that it does not have, or not for programs of this type. */
  readonly noHelper?: true
}

/** What became of one function. Where nothing says its type, that of a kprobe is tried. */
export interface FunctionResult {
  readonly name: string
  readonly type: ProgramType
  readonly guessed?: true
  /** Instruction slots, those of subprograms too. */
  readonly insns: number
  /** Instructions that the verifier went through; undefined when it said no, or does not tell (before Linux 5.16). */
  readonly verified?: number
  readonly refused?: Failure
}

/** What became of one program. */
export interface ProgramResult {
  readonly id: string
  readonly milliseconds: number
  readonly failed?: Failure
  readonly functions: readonly FunctionResult[]
}

/** Contexts that tell the type of a program whose name does not. */
const CONTEXTS: readonly (readonly [record: string, type: ProgramType])[] = [
  ["__sk_buff", "sched_cls"],
  ["xdp_md", "xdp"],
  ["bpf_perf_event_data", "perf_event"],
  ["bpf_raw_tracepoint_args", "raw_tracepoint"],
  ["bpf_sock_ops", "sock_ops"],
  ["sk_msg_md", "sk_msg"],
  ["tracepoint__", "tracepoint"],
  ["bpf_sock_addr", "cgroup_sock_addr"],
  ["bpf_cgroup_dev_ctx", "cgroup_device"],
  ["bpf_sockopt", "cgroup_sockopt"],
]

/** The type that a function is loaded as: what the tool says, what its name says, what its context is. */
export function typeOf(program: CorpusProgram, spec: ProgramSpec): ProgramType | undefined {
  const known = program.types.get(spec.name) ?? spec.type
  if (known !== undefined) return known
  const parameters = new RegExp(`\\b${spec.name}\\s*\\(([^)]*)`).exec(program.text)?.[1] ?? ""
  return CONTEXTS.find(([record]) => parameters.includes(record))?.[1] ?? program.types.get("*")
}

/** Compiles programs for the running kernel, one after the other, and tries their functions there. */
export class Bench {
  readonly #target: Target = runningTarget()
  readonly #cpu = runningCpu()
  readonly #machine = new KernelMachine({ functions: kernelFunctions })
  readonly #options: Pick<CompileOptions, "check" | "core">

  /** `check`: with the validity checks of every stage of the compiler; `core`: for other kernels, too. */
  constructor(options: Pick<CompileOptions, "check" | "core"> = {}) {
    this.#options = options
  }

  compile({ id, text, cflags }: CorpusProgram): CompileResult {
    const flags = parseFlags(cflags)
    const resolve = includeResolver(flags.includes)
    const options = { resolve, flags: flags.macros, target: this.#target, cpu: this.#cpu, ...this.#options }
    return compile({ name: `${id}.c`, text, ...options })
  }

  /** Compiles a program and, unless `only` the compiler is measured, loads each of its functions. */
  run(program: CorpusProgram, only = false): ProgramResult {
    const { id } = program
    const start = performance.now()
    let object: BpfObject
    try {
      ;({ object } = this.compile(program))
    } catch (error) {
      return { id, milliseconds: performance.now() - start, failed: failure(error), functions: [] }
    }
    const milliseconds = performance.now() - start
    const slots = new Map(object.functions.map(fn => [fn.name, slotsOf(fn.insns)]))
    const sizes = object.programs.map((spec): FunctionResult => {
      const type = typeOf(program, spec)
      const insns = slotsOf(spec.insns) + calledSlots(spec, object, slots)
      return { name: spec.name, insns, ...(type === undefined ? { type: "kprobe", guessed: true } : { type }) }
    })
    if (only) return { id, milliseconds, functions: sizes }
    try {
      // A pin would outlive the program, and the next one would find it.
      const maps = object.maps.map(({ pin: _, ...map }) => map)
      using loaded = this.#machine.load({ ...object, maps }, { lazy: true })
      return { id, milliseconds, functions: sizes.map(size => ({ ...size, ...tryLoad(loaded, size) })) }
    } catch (error) {
      const refused = failure(error)
      return { id, milliseconds, functions: sizes.map(size => ({ ...size, refused })) }
    }
  }
}

/** Where the kernel tells how many instructions it verified: `verified_insns` of `struct bpf_prog_info`. */
const VERIFIED_INSNS = 216

function tryLoad(loaded: Loaded, { name, type }: { name: string; type: ProgramType }): Partial<FunctionResult> {
  try {
    const { fd } = loaded.program(name, { type })
    const info = new Uint8Array(VERIFIED_INSNS + 4)
    const known = objInfo(fd, info) >= info.length
    return known ? { verified: new DataView(info.buffer).getUint32(VERIFIED_INSNS, true) } : {}
  } catch (error) {
    return { refused: failure(error) }
  }
}

function failure(error: unknown): Failure {
  if (!(error instanceof SkepError)) {
    const message = error instanceof Error ? `${error.message}\n${error.stack}` : String(error)
    return { code: "INTERNAL", message }
  }
  const at = error.span
  const { name, line } = at?.file.presumed(at.start) ?? {}
  const place = at === undefined ? "" : `${name}:${line}: `
  const noHelper = /unknown func |cannot use helper /.test(error.log?.slice(-1000) ?? "")
  return { code: error.code, message: place + error.message, hint: error.hint, ...(noHelper && { noHelper }) }
}

const slotsOf = (insns: readonly { readonly op: number }[]): number =>
  insns.reduce((sum, insn) => sum + (insn.op === 0x18 ? 2 : 1), 0)

/** Slots of the subprograms that a program calls, directly and through others. */
function calledSlots(spec: ProgramSpec, object: BpfObject, slots: ReadonlyMap<string, number>): number {
  const functions = new Map(object.functions.map(fn => [fn.name, fn]))
  const called = new Set<string>()
  const visit = (from: Pick<ProgramSpec, "relocations">): void => {
    for (const relocation of from.relocations) {
      if (relocation.kind !== "call" && relocation.kind !== "function") continue
      const next = functions.get(relocation.function)
      if (next === undefined || called.has(next.name)) continue
      called.add(next.name)
      visit(next)
    }
  }
  visit(spec)
  return [...called].reduce((sum, name) => sum + (slots.get(name) ?? 0), 0)
}
