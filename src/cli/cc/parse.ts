import { didYouMean } from "../../base/index.ts"
import { applyG, applyXclang, F_NAMES, isHarmlessF } from "./families.ts"
import type { CcInput, CcJob } from "./job.ts"
import { CC_OPTIONS, type CcOption } from "./options.ts"

/** A line of the driver's own, without its name before it. */
export interface CcProblem {
  readonly code: "CLI_CC_OPTION" | "CLI_CC_REFUSED" | "CLI_CC_INPUT"
  readonly message: string
}

export interface ParsedCc {
  readonly job: CcJob
  /** What is wrong with the command line; nothing is compiled then. */
  readonly problems: readonly CcProblem[]
}

/**
 * Reads the command line of a C compiler, in clang's spelling:
 *
 *     -O2 -g -target bpf -Iinclude -DX=1 -c a.c -o a.o
 *
 * What build systems pass and what cannot change a BPF program is taken and left alone; what a program's meaning depends on and skep
 * cannot do is refused with the reason; anything else is an unknown argument, as for clang.
 */
export function parseCc(args: readonly string[]): ParsedCc {
  return new CcParser(args).parse()
}

class CcParser {
  readonly #args: readonly string[]
  #at = 0
  #language: string | undefined
  readonly #xclang: string[] = []
  readonly #problems: CcProblem[] = []
  readonly #job: CcJob = {
    inputs: [],
    output: undefined,
    action: "object",
    link: true,
    flags: [],
    folders: { quoted: [], user: [], system: [], after: [], standard: true },
    dependencies: undefined,
    database: undefined,
    showHeaders: false,
    markers: true,
    cpu: 3,
    debug: false,
    compilationFolder: undefined,
    prefixes: [],
    warnings: [],
    workingDirectory: undefined,
    color: undefined,
    errorLimit: undefined,
    verbose: "no",
    answers: [],
    remarks: [],
  }

  constructor(args: readonly string[]) {
    this.#args = args.flatMap(arg => (arg.startsWith("-Wp,") ? preprocessorArguments(arg) : [arg]))
  }

  parse(): ParsedCc {
    let options = true
    while (this.#at < this.#args.length) {
      const arg = this.#args[this.#at++]
      if (!options || arg === "-" || !arg.startsWith("-")) this.#input(arg)
      else if (arg === "--") options = false
      else this.#option(arg)
    }
    const why = applyXclang(this.#job, this.#xclang)
    if (why !== undefined) this.#refuse("-Xclang", why)
    if (this.#job.inputs.length === 0 && this.#job.answers.length === 0 && this.#problems.length === 0) {
      this.#problems.push({ code: "CLI_CC_INPUT", message: "no input files" })
    }
    return { job: this.#job, problems: this.#problems }
  }

  #input(name: string): void {
    const language = this.#languageOf(name)
    if (language !== undefined) this.#job.inputs.push({ name, language })
  }

  #languageOf(name: string): CcInput["language"] | undefined {
    if (this.#language !== undefined) return "c"
    if (name === "-") {
      if (this.#job.action === "preprocess" || this.#args.includes("-E")) return "c"
      this.#problems.push({ code: "CLI_CC_INPUT", message: "-E or -x required when input is from standard input" })
      return undefined
    }
    if (/\.(o|bpf\.o|a)$/.test(name)) return "object"
    if (/\.(S|s|asm|cc|cpp|cxx|C|ll|bc|rs)$/.test(name)) {
      this.#problems.push({
        code: "CLI_CC_INPUT",
        message: `'${name}' is no C file; skep compiles C (-x c takes it as such)`,
      })
      return undefined
    }
    return "c"
  }

  #option(arg: string): void {
    if (arg === "-x" || (arg.startsWith("-x") && arg.length > 2)) {
      this.#setLanguage(arg === "-x" ? (this.#args[this.#at++] ?? "") : arg.slice(2))
      return
    }
    if (arg === "-Xclang") {
      this.#xclang.push(this.#args[this.#at++] ?? "")
      return
    }
    const found = findOption(arg)
    if (found !== undefined) this.#apply(arg, found.name, found.option)
    else if (arg.startsWith("-W")) this.#job.warnings.push(arg.slice(2))
    else if (arg.startsWith("-g")) this.#refuse(arg, applyG(this.#job, arg))
    else if (!arg.startsWith("-f") || !isHarmlessF(arg)) this.#unknown(arg)
  }

  #setLanguage(name: string): void {
    if (name === "none") this.#language = undefined
    else if (name === "c" || name === "c-header" || name === "cpp-output") this.#language = "c"
    else this.#problems.push({ code: "CLI_CC_OPTION", message: `language not recognized: '${name}'; skep compiles c` })
  }

  #apply(arg: string, name: string, { form, apply }: CcOption): void {
    let value = arg.slice(name.length)
    if (form === "separate" || (form === "either" && value === "")) {
      if (this.#at >= this.#args.length) {
        const message = `argument to '${name}' is missing (expected 1 value)`
        this.#problems.push({ code: "CLI_CC_OPTION", message })
        return
      }
      value = this.#args[this.#at++]
    } else if (form === "joined" && value === "" && name.endsWith("=")) {
      this.#problems.push({ code: "CLI_CC_OPTION", message: `'${name}' needs a value behind it` })
      return
    }
    this.#refuse(
      form === "separate" || (form === "either" && arg === name) ? `${arg} ${value}` : arg,
      apply(this.#job, value),
    )
  }

  #refuse(arg: string, why: string | undefined): void {
    if (why !== undefined)
      this.#problems.push({ code: "CLI_CC_REFUSED", message: `unsupported option '${arg}': ${why}` })
  }

  #unknown(arg: string): void {
    const known = [...CC_OPTIONS.keys(), ...(arg.startsWith("-f") ? F_NAMES : [])]
    this.#problems.push({ code: "CLI_CC_OPTION", message: `unknown argument: '${arg}'${didYouMean(arg, known)}` })
  }
}

/** `-Wp,-MMD,a.d` as `-MMD -MF a.d`: the preprocessor's own `-MD` takes the file, as kernel makefiles have it. */
function preprocessorArguments(arg: string): string[] {
  const [, ...parts] = arg.split(",")
  const at = parts.findIndex(part => part === "-MD" || part === "-MMD")
  if (at >= 0 && at + 1 < parts.length && !parts[at + 1].startsWith("-")) parts.splice(at + 1, 0, "-MF")
  return parts
}

/** The option with the longest name that the argument fits. */
function findOption(arg: string): { readonly name: string; readonly option: CcOption } | undefined {
  const whole = CC_OPTIONS.get(arg)
  if (whole !== undefined) return { name: arg, option: whole }
  for (let length = arg.length - 1; length >= 2; length--) {
    const name = arg.slice(0, length)
    const option = CC_OPTIONS.get(name)
    if (option !== undefined && option.form !== "flag" && option.form !== "separate") return { name, option }
  }
  return undefined
}
