import { SkepError, SourceFile } from "../base/index.ts"
import { bccFrontEnd, emitC, type FrontEnd, type FrontEndOptions, type FrontEndResult } from "../bcc/index.ts"
import {
  Diagnostics,
  dumpAst,
  type Preprocessor,
  type PrintTokensOptions,
  printTokens,
  renderDiagnostic,
  type TranslationUnit,
} from "../c/index.ts"
import { generate } from "../codegen/index.ts"
import { lower, type Module, printModule } from "../ir/index.ts"
import { isLibbpfStyle, libbpfFrontEnd } from "../libbpf/index.ts"
import { type BpfObject, disassembleObject } from "../object/index.ts"
import { optimise, passNames } from "../opt/index.ts"
import type { CompileOptions, Dialect, Target } from "./options.ts"

const LINUX_6_15 = (6 << 16) | (15 << 8)
const FRONT_ENDS: Readonly<Record<Dialect, FrontEnd>> = { bcc: bccFrontEnd, libbpf: libbpfFrontEnd }
const MACHINE_STAGES = ["isel", "regalloc", "layout"] as const

/** What can be shown on the way from text to object: stages, and between them the passes of the optimiser. */
export function dumpNames(): string[] {
  return ["tokens", "ast", "rewrite", "lower", ...passNames, ...MACHINE_STAGES, "asm"]
}

/**
 * A program on its way from text to object. Each stage runs when its result, or that of a later one, is first asked for; what is wrong with the
 * program is thrown then, as a `SkepError` that `renderError` shows with all its places. The same text and target give the same bytes.
 *
 *     text → tokens → ast → rewritten (plain C, tables, programs) → module → object
 */
export class Compilation {
  readonly options: CompileOptions
  readonly diagnostics: Diagnostics
  #rewritten: FrontEndResult | undefined
  #module: Module | undefined
  #object: BpfObject | undefined

  constructor(options: CompileOptions) {
    this.options = options
    this.diagnostics = new Diagnostics(options.errorLimit)
  }

  /** Whose C the program is taken for. */
  get dialect(): Dialect {
    return this.options.dialect ?? (isLibbpfStyle(this.options.text) ? "libbpf" : "bcc")
  }

  /** The typed tree of the program as it was written. */
  get ast(): TranslationUnit {
    return this.rewritten.ast
  }

  /** The program in plain C, as its dialect is rewritten to, and beside it its tables and programs. */
  get rewritten(): FrontEndResult {
    if (this.#rewritten === undefined) {
      this.#dump("tokens", () => printTokens(this.#preprocessor(new Diagnostics()).all()))
      const result = this.#read()
      this.#rewritten = result
      this.#dump("ast", () => dumpAst(result.ast))
      this.#dump("rewrite", () => emitC(result))
    }
    return this.#rewritten
  }

  /** The program's text after preprocessing (`-E`). */
  preprocessed(print: PrintTokensOptions = {}): string {
    const tokens = this.#preprocessor().all()
    this.diagnostics.throwIfErrors()
    return printTokens(tokens, print)
  }

  /** The macros that are defined at the end of the program, as lines of `#define` (`-dM`). */
  get macros(): string[] {
    const preprocessor = this.#preprocessor()
    preprocessor.all()
    this.diagnostics.throwIfErrors()
    return preprocessor.definitions()
  }

  /** The program in SSA form, optimised. */
  get module(): Module {
    if (this.#module === undefined) {
      const module = lower(this.rewritten.unit, { debug: this.options.debug })
      this.#dump("lower", () => printModule(module))
      this.options.transform?.(module)
      const onPass = passNames.some(pass => this.#wants(pass))
        ? (pass: string, text: () => string) => this.#dump(pass, text)
        : undefined
      // BCC's programs stand alone, one in the kernel for each function; those in sections of their own come with the functions they share.
      const subprograms = this.options.cpu >= 3 && !module.programs.some(p => p.section.startsWith(".bpf.fn."))
      optimise(module, { check: this.options.check, subprograms, onPass })
      this.#module = module
    }
    return this.#module
  }

  /** The program as a machine takes it. */
  get object(): BpfObject {
    if (this.#object === undefined) {
      const { cpu, check, target } = this.options
      const acquireRelease = target.kernelVersion >= LINUX_6_15
      const stages = new Set(MACHINE_STAGES.filter(stage => this.#wants(stage)))
      const write = (stage: string, func: string, text: string): void => this.#write(`${stage} ${func}`, text)
      const object = generate(this.module, {
        cpu,
        check,
        acquireRelease,
        ...(stages.size > 0 && { dump: { stages, write } }),
      })
      this.#object = object
      this.#dump("asm", () => disassembleObject(object))
    }
    return this.#object
  }

  /** What the compiler warned of so far, each as text with its place. */
  get warnings(): string[] {
    return this.diagnostics.list.filter(d => d.severity === "warning").map(d => renderDiagnostic(d))
  }

  #file(): SourceFile {
    return new SourceFile(this.options.name, this.options.text)
  }

  #frontEndOptions(): FrontEndOptions {
    const { target, flags, resolve, countDrops, core } = this.options
    const { arch, kernelVersion, moduleBtf, readTracepointFormat, config } = target
    return {
      arch,
      kernelVersion,
      moduleBtf,
      readTracepointFormat,
      config,
      flags,
      resolve,
      countDrops,
      core,
      get btf() {
        return target.btf
      },
      get cpus() {
        return target.cpus
      },
      get pageSize() {
        return target.pageSize
      },
    }
  }

  get #frontEnd(): FrontEnd {
    return FRONT_ENDS[this.dialect]
  }

  #preprocessor(diagnostics = this.diagnostics): Preprocessor {
    return this.#frontEnd.preprocessor(this.#file(), this.#frontEndOptions(), diagnostics)
  }

  #read(): FrontEndResult {
    try {
      return this.#frontEnd.compile(this.#file(), this.#frontEndOptions(), this.diagnostics)
    } catch (error) {
      throw noTracepoint(error, this.options.target) ?? error
    }
  }

  #wants(stage: string): boolean {
    return this.options.dump?.includes(stage) === true
  }

  #dump(stage: string, text: () => string): void {
    if (this.#wants(stage)) this.#write(stage, text())
  }

  #write(stage: string, text: string): void {
    this.options.onDump?.(stage, text)
  }
}

/** A tracepoint that is not there leaves a struct without members: says that rather than what the parser makes of it. */
function noTracepoint(error: unknown, target: Target): SkepError | undefined {
  if (!(error instanceof SkepError) || error.code !== "C_INCOMPLETE") return undefined
  const [, category, event] = /'struct tracepoint__(\w+?)__(\w+)'/.exec(error.message) ?? []
  if (category === undefined) return undefined
  return new SkepError({
    code: "BCC_NO_TRACEPOINT",
    message: `there is no tracepoint ${category}:${event}, or its format cannot be read`,
    span: error.parts.notes?.[0]?.span ?? error.span,
    hint: target.tracepointHint?.(category, event) ?? "the kernel's tracepoints are in /sys/kernel/tracing/events",
  })
}

/** Tables that the program declares as histograms, and what their slots are. */
export type Histograms = ReadonlyMap<string, "log2" | "linear">

export interface CompileResult {
  readonly object: BpfObject
  /** Each as text with its place. */
  readonly warnings: readonly string[]
  readonly histograms: Histograms
}

/** Compiles a program. @throws SkepError C_…, BCC_…, IR_…, CODEGEN_… */
export function compile(options: CompileOptions): CompileResult {
  const compilation = new Compilation(options)
  const { object } = compilation
  return { object, warnings: compilation.warnings, histograms: histogramsOf(compilation) }
}

/** Slots are powers of two where the program computes logarithms, the values themselves where it does not. */
function histogramsOf({ rewritten, options }: Compilation): Histograms {
  const kind = options.text.includes("bpf_log2") ? "log2" : "linear"
  const found = new Map<string, "log2" | "linear">()
  for (const { name, span } of rewritten.unit.maps) {
    for (let origin = span.macro; origin !== undefined; origin = origin.spelling.macro) {
      if (origin.name === "BPF_HISTOGRAM") found.set(name, kind)
    }
  }
  return found
}
