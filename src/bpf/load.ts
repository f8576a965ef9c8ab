import { SkepError, SourceFile } from "../base/index.ts"
import type { IncludeResolver } from "../c/index.ts"
import { used } from "../cache/index.ts"
import type { CompileResult } from "../compiler/index.ts"
import type { CountedPlaces, Module } from "../ir/index.ts"
import type { BpfObject } from "../object/index.ts"
import { type ContainerFilter, filterByContainers } from "./containers/filter.ts"
import { badOption } from "./errors.ts"
import { isEmbedded } from "./machine.ts"
import { prepareObject } from "./objects/prepare.ts"
import { readObject } from "./objects/read.ts"
import type { LoadOptions } from "./options.ts"
import { defineFlags, includeResolver, parseFlags, pathOf, readSource, type Source } from "./source.ts"
import { cpuOfKernel, runningCpu, runningTarget, snapshotTarget } from "./target.ts"

/** What the compiler makes, or what stands for it. */
export interface Compiled extends CompileResult {
  /** What the program counts of itself, where that is asked for. */
  readonly counted?: CountedPlaces
}

const given = (object: BpfObject): CompiledTwice => ({
  compiled: { object, warnings: [], histograms: new Map() },
  withoutCounts: undefined,
})

/** A program that is compiled, and how to compile it again without the code that counts drops. */
export interface CompiledTwice {
  readonly compiled: Compiled
  /** Undefined where nothing is compiled: an object is as it is. */
  readonly withoutCounts: (() => Compiled) | undefined
}

/**
 * The object that options ask for: compiled from text or a file with `more` text behind it, read from an object file, or
 * given. Its maps, programs and variables are as options want them.
 */
export async function objectOf(options: LoadOptions, more = ""): Promise<Compiled> {
  return (await compiledTwice(options, more)).compiled
}

/**
 * The program compiled with what tells of its runs and of what they read, for `record`. @throws SkepError RECORD_OBJECT where it is compiled already
 */
export async function recordingOf(options: LoadOptions, pages: number): Promise<Compiled> {
  const { instrument, recordingText } = await import("../record/index.ts")
  const { isLibbpfStyle } = await import("../libbpf/index.ts")
  const { text, file, object } = options
  if (object !== undefined || (file !== undefined && pathOf(file).endsWith(".o"))) throw compiledAlready()
  const source = file === undefined ? text : readSource(file).text
  const more = recordingText(isLibbpfStyle(source ?? "") ? "libbpf" : "bcc", pages)
  const transform = (module: Module): void => instrument(module, program => contextSize(module, program))
  const { compiled } = await compiledObject({ ...options, countDrops: false }, more, transform)
  return { ...compiled, object: prepareObject(compiled.object, options) }
}

/** Bytes of registers, as the kernel hands them to probes: `struct pt_regs` has 168 on x86-64 and 272 on arm64, the largest 512. */
const REGISTERS = 512
/** Bytes of a tracepoint's record, texts at its end included, and of the arguments of others. */
const RECORD = 512

const contextSize = ({ programs }: Module, name: string): number => {
  const type = programs.find(program => program.func === name)?.type
  if (type === "kprobe" || type === "perf_event") return process.arch === "x64" ? 168 : REGISTERS
  return type === "tracepoint" ? RECORD : 96
}

const compiledAlready = (): SkepError =>
  new SkepError({
    code: "RECORD_OBJECT",
    message: "a program that is compiled already cannot be recorded",
    hint: "record the C file: what tells of its runs is put in when it is compiled",
  })

/** The same, where it may have to be compiled again. */
export async function compiledTwice(options: LoadOptions, more = ""): Promise<CompiledTwice> {
  const { compiled, withoutCounts } = await compiledObject(options, more)
  const prepared = (made: Compiled): Compiled => ({ ...made, object: prepareObject(made.object, options) })
  return { compiled: prepared(compiled), withoutCounts: withoutCounts && (() => prepared(withoutCounts())) }
}

async function compiledObject(
  options: LoadOptions,
  more: string,
  transform?: (module: Module) => void,
): Promise<CompiledTwice> {
  if (typeof options !== "object" || options === null) {
    throw badOption("BPF.load takes an object of options", 'BPF.load({ text: "…" }) or BPF.load({ file: "program.c" })')
  }
  const { text, file, object } = options
  if ([text, file, object].filter(source => source !== undefined).length !== 1) {
    throw badOption("BPF.load takes one of text, file and object", 'BPF.load({ file: "program.c" })')
  }
  const compiled = object ?? (file !== undefined && pathOf(file).endsWith(".o") ? readObject(file) : undefined)
  if (compiled !== undefined) {
    if (options.coverage)
      throw badOption("coverage is for C: an object is compiled already", "give the text or the file")
    return given(compiled)
  }
  if (file === undefined && typeof text !== "string")
    throw badOption("text is a string of C", 'text: "int f(void *ctx) …"')
  const read: Source = file === undefined ? { name: "program.c", text: text as string } : readSource(file)
  return compileSource({ text: read.text + more, name: options.name ?? read.name }, options, transform)
}

/** Name of the text in front of the program that tells containers apart. */
const CONTAINERS = "skep/containers.h"

function withContainers(resolve: IncludeResolver, containers: ContainerFilter): IncludeResolver {
  const text = new SourceFile(CONTAINERS, filterByContainers(containers))
  return (name, form, from) => (name === CONTAINERS ? text : resolve(name, form, from))
}

async function compileSource(
  source: Source,
  options: LoadOptions,
  transform?: (module: Module) => void,
): Promise<CompiledTwice> {
  const { compile } = await import("../compiler/index.ts")
  const { countPlaces } = await import("../ir/index.ts")
  const flags = parseFlags([...defineFlags(options.defines), ...(options.cflags ?? [])])
  const resolve = includeResolver([...flags.includes, ...(options.includes ?? [])])
  const target = isEmbedded(options) ? snapshotTarget(options.machine) : undefined
  const make = (countDrops: boolean): Compiled => {
    let counted: CountedPlaces | undefined
    const change = (module: Module): void => {
      transform?.(module)
      if (options.coverage) counted = countPlaces(module)
    }
    const compiled = compile({
      ...source,
      resolve: options.containers === undefined ? resolve : withContainers(resolve, options.containers),
      flags: options.containers === undefined ? flags.macros : [`-include ${CONTAINERS}`, ...flags.macros],
      target: target ?? runningTarget(),
      cpu: options.cpu ?? (target === undefined ? runningCpu() : cpuOfKernel(target.kernelVersion)),
      countDrops,
      transform: change,
    })
    return { ...compiled, counted }
  }
  try {
    const compiled = make(options.countDrops !== false)
    used.add("compile")
    return { compiled, withoutCounts: () => make(false) }
  } catch (error) {
    // Whoever does not catch it sees the source line, the caret and the hint.
    if (error instanceof SkepError) error.tell((await import("../c/index.ts")).renderError(error))
    throw error
  }
}
