import type { CpuLevel } from "../../compiler/index.ts"
import type { CcAction, CcDependencies, CcJob } from "./job.ts"
import { quoteTarget } from "./makeRule.ts"

/**
 * How an option has its value: `flag` none; `separate` in the next argument; `joined` behind its name; `either` one of the two;
 * `maybe` behind its name or not at all.
 */
export type OptionForm = "flag" | "separate" | "joined" | "either" | "maybe"

export interface CcOption {
  readonly form: OptionForm
  /** Does what the option says; a text is why it cannot be done. */
  readonly apply: (job: CcJob, value: string) => string | undefined
}

type Apply = CcOption["apply"]

/** An option that changes nothing here. */
const nothing: Apply = () => undefined
/** An option that a compiler has, but not this one, and why. */
const refused =
  (why: string): Apply =>
  () =>
    why
/** An effect that cannot go wrong. */
const does =
  (effect: (job: CcJob, value: string) => unknown): Apply =>
  (job, value) => {
    effect(job, value)
    return undefined
  }
/** Of several the first of these wins: `-M -c` makes a rule only. */
const ACTIONS: readonly CcAction[] = ["dependencies", "macros", "preprocess", "syntax", "assembly", "object"]
const act = (job: CcJob, action: CcAction): void => {
  if (ACTIONS.indexOf(action) < ACTIONS.indexOf(job.action)) job.action = action
}
const acts = (action: CcAction): Apply => does(job => act(job, action))
const answers = (what: string): Apply => does((job, value) => job.answers.push(what + value))
const depends = (effect: (rule: CcDependencies, value: string) => unknown): Apply =>
  does((job, value) => effect(dependencies(job), value))
const unused: Apply = (job, value) => {
  job.remarks.push(`${value === "" ? "a linker option" : `linker option '${value}'`} is not used: nothing is linked`)
  return undefined
}

/** The job's rule for make, which `-M…` options make. */
function dependencies(job: CcJob): CcDependencies {
  job.dependencies ??= { system: true, file: undefined, targets: [], phony: false, unmade: false }
  return job.dependencies
}

const NO_LLVM = "skep has no LLVM inside: it writes BPF objects itself; leave out -emit-llvm, llc and opt"
const BIG_ENDIAN = "skep compiles for little-endian BPF only"
const LAYOUT = "it changes how data is laid out, which the kernel would not know of"
const NO_RUNTIME = "it needs a run-time library, and a BPF program has none"

/** All options by their names, but the families `-W…`, `-f…` and `-g…`. */
export const CC_OPTIONS: ReadonlyMap<string, CcOption> = new Map(
  Object.entries<[OptionForm, Apply]>({
    // What is made
    "-c": ["flag", does(job => (job.link = false))],
    "-r": ["flag", nothing],
    "-S": ["flag", acts("assembly")],
    "-E": ["flag", acts("preprocess")],
    "-dM": ["flag", acts("macros")],
    "-dD": ["flag", nothing],
    "-fsyntax-only": ["flag", acts("syntax")],
    "-o": ["either", does((job, value) => (job.output = value))],
    "-emit-llvm": ["flag", refused(NO_LLVM)],
    "-emit-ast": ["flag", refused(NO_LLVM)],
    "-shared": ["flag", refused("BPF has no shared libraries; skep link makes one object of several")],
    // What for
    "-target": ["separate", target],
    "--target": ["separate", target],
    "--target=": ["joined", target],
    "-mcpu=": ["joined", cpu],
    "-march=": ["joined", (_job, value) => (value === "bpf" || value === "bpfel" ? undefined : "only -march=bpf")],
    "-mlittle-endian": ["flag", nothing],
    "-EL": ["flag", nothing],
    "-mbig-endian": ["flag", refused(BIG_ENDIAN)],
    "-EB": ["flag", refused(BIG_ENDIAN)],
    "-m64": ["flag", nothing],
    "-m32": ["flag", refused("BPF has 64-bit registers")],
    "-mllvm": ["separate", nothing],
    "-O": ["maybe", optimise],
    // Macros and headers
    "-D": ["either", does((job, value) => job.flags.push(`-D${value}`))],
    "-U": ["either", does((job, value) => job.flags.push(`-U${value}`))],
    "-undef": ["flag", nothing],
    "-include": ["separate", does((job, value) => job.flags.push(`-include ${value}`))],
    "-imacros": ["separate", does((job, value) => job.flags.push(`-imacros ${value}`))],
    "-include-pch": ["separate", refused("there are no precompiled headers")],
    "-ivfsoverlay": ["separate", refused("there is no overlay of the file system; give the folders with -I")],
    "-I": ["either", does((job, value) => job.folders.user.push(value))],
    "-iquote": ["either", does((job, value) => job.folders.quoted.push(value))],
    "-isystem": ["either", does((job, value) => job.folders.system.push(value))],
    "-cxx-isystem": ["either", nothing],
    "-idirafter": ["either", does((job, value) => job.folders.after.push(value))],
    "-nostdinc": ["flag", does(job => (job.folders.standard = false))],
    "-nostdlibinc": ["flag", does(job => (job.folders.standard = false))],
    "-nobuiltininc": ["flag", nothing],
    "-isysroot": ["either", does((job, value) => sysroot(job, value))],
    "--sysroot": ["separate", does((job, value) => sysroot(job, value))],
    "--sysroot=": ["joined", does((job, value) => sysroot(job, value))],
    "-fdebug-compilation-dir": ["separate", does((job, value) => (job.compilationFolder = value))],
    "-fdebug-compilation-dir=": ["joined", does((job, value) => (job.compilationFolder = value))],
    "-ffile-compilation-dir=": ["joined", does((job, value) => (job.compilationFolder = value))],
    "-fdebug-prefix-map=": ["joined", prefix],
    "-ffile-prefix-map=": ["joined", prefix],
    "-resource-dir": ["separate", nothing],
    "-resource-dir=": ["joined", nothing],
    "-working-directory": ["separate", does((job, value) => (job.workingDirectory = value))],
    "-working-directory=": ["joined", does((job, value) => (job.workingDirectory = value))],
    "-P": ["flag", does(job => (job.markers = false))],
    "-CC": ["flag", refused("comments are not kept by -E")],
    "-H": ["flag", does(job => (job.showHeaders = true))],
    "-C": ["flag", refused("comments are not kept by -E")],
    // Dependencies
    "-M": ["flag", does(job => mode(job, true, true))],
    "-MM": ["flag", does(job => mode(job, false, true))],
    "-MD": ["flag", does(job => mode(job, true, false))],
    "-MMD": ["flag", does(job => mode(job, false, false))],
    "-MF": ["either", depends((rule, value) => (rule.file = value))],
    "-MT": ["either", depends((rule, value) => rule.targets.push(value))],
    "-MQ": ["either", depends((rule, value) => rule.targets.push(quoteTarget(value)))],
    "-MP": ["flag", depends(rule => (rule.phony = true))],
    "-MG": ["flag", depends(rule => (rule.unmade = true))],
    "-MJ": ["either", does((job, value) => (job.database = value))],
    // Language
    "-std=": ["joined", standard],
    "--std=": ["joined", standard],
    "-ansi": ["flag", nothing],
    "--pedantic": ["flag", nothing],
    "-pedantic": ["flag", nothing],
    "-pedantic-errors": ["flag", nothing],
    "-trigraphs": ["flag", nothing],
    // Warnings
    "-w": ["flag", does(job => job.warnings.push("no-everything"))],
    "-Qunused-arguments": ["flag", nothing],
    "-ferror-limit=": ["joined", errorLimit],
    "-fcolor-diagnostics": ["flag", does(job => (job.color = true))],
    "-fno-color-diagnostics": ["flag", does(job => (job.color = false))],
    "-fdiagnostics-color": ["flag", does(job => (job.color = true))],
    "-fdiagnostics-color=": ["joined", color],
    // The driver
    "-v": ["flag", does(job => (job.verbose = job.verbose === "no" ? "say" : job.verbose))],
    "-###": ["flag", does(job => (job.verbose = "only"))],
    "-pipe": ["flag", nothing],
    "-Xpreprocessor": ["separate", nothing],
    "-Xlinker": ["separate", unused],
    "-Xassembler": ["separate", nothing],
    "-Wl,": ["joined", unused],
    "-Wa,": ["joined", nothing],
    "-l": ["either", unused],
    "-L": ["either", nothing],
    "-B": ["either", nothing],
    "-nostdlib": ["flag", nothing],
    "-nodefaultlibs": ["flag", nothing],
    "-static": ["flag", nothing],
    "-rtlib=": ["joined", nothing],
    "--rtlib=": ["joined", nothing],
    "-stdlib=": ["joined", nothing],
    "-fuse-ld=": ["joined", nothing],
    "-save-temps": ["flag", nothing],
    "-save-temps=": ["joined", nothing],
    "--serialize-diagnostics": ["separate", nothing],
    "--param": ["separate", nothing],
    "-Qn": ["flag", nothing],
    "-Qy": ["flag", nothing],
    "-MV": ["flag", nothing],
    "-time": ["flag", nothing],
    "-s": ["flag", does(job => (job.debug = false))],
    "-integrated-as": ["flag", nothing],
    "-no-canonical-prefixes": ["flag", nothing],
    "-no-integrated-cpp": ["flag", nothing],
    "--config=": ["joined", refused("there are no configuration files; use @FILE")],
    "--analyze": ["flag", refused("there is no analyser; -fsyntax-only shows warnings")],
    "--coverage": ["flag", refused(NO_RUNTIME)],
    "-pg": ["flag", refused(NO_RUNTIME)],
    // Layout
    "-fpack-struct": ["maybe", refused(LAYOUT)],
    "-fshort-enums": ["flag", refused(LAYOUT)],
    "-fshort-wchar": ["flag", refused(LAYOUT)],
    "-funsigned-char": ["flag", refused("char is signed in BPF programs")],
    "-ftrapv": ["flag", refused("an overflow cannot trap in a BPF program; it wraps")],
    "-fsanitize=": ["joined", refused(NO_RUNTIME)],
    "-fprofile-": ["joined", refused(NO_RUNTIME)],
    "-fcoverage-mapping": ["flag", refused(NO_RUNTIME)],
    "-finstrument-functions": ["flag", refused(NO_RUNTIME)],
    "-flto": ["maybe", refused(NO_LLVM)],
    "-fplugin=": ["joined", refused(NO_LLVM)],
    // Questions
    "--version": ["flag", answers("version")],
    "-help": ["flag", answers("help")],
    "--help": ["flag", answers("help")],
    "-dumpversion": ["flag", answers("dumpversion")],
    "-dumpfullversion": ["flag", answers("dumpversion")],
    "-dumpmachine": ["flag", answers("dumpmachine")],
    "-print-": ["joined", answers("print-")],
    "--print-": ["joined", answers("print-")],
  }).map(([name, [form, apply]]) => [name, { form, apply }]),
)

function target(_job: CcJob, value: string): string | undefined {
  const [machine] = value.split("-")
  if (machine === "bpf" || machine === "bpfel") return undefined
  if (machine === "bpfeb") return BIG_ENDIAN
  return `skep compiles for BPF only; -target bpf may be left out`
}

const CPUS: Readonly<Record<string, CpuLevel | "probe">> = { v1: 1, v2: 2, v3: 3, v4: 4, generic: 1, probe: "probe" }

function cpu(job: CcJob, value: string): string | undefined {
  if (value === "help" || value === "?") {
    job.answers.push("print-supported-cpus")
    return undefined
  }
  if (!Object.hasOwn(CPUS, value)) return `there is no CPU '${value}': it is one of ${Object.keys(CPUS).join(", ")}`
  job.cpu = CPUS[value]
  return undefined
}

function optimise(job: CcJob, value: string): string | undefined {
  if (!/^([0-9]+|s|z|g|fast)?$/.test(value)) return "the level is 0 to 3, s, z, g or fast"
  if (value === "0") job.flags.push("-U__OPTIMIZE__")
  return undefined
}

function standard(_job: CcJob, value: string): string | undefined {
  if (/^(c|gnu)(8[9]|9[09x]|1[1178x]|2[3xy]|9x|17|18)$|^iso9899:\w+$/.test(value)) return undefined
  return /\+\+/.test(value) ? "skep compiles C" : "write -std=gnu11, for example"
}

function color(job: CcJob, value: string): string | undefined {
  if (value === "auto") job.color = undefined
  else if (value === "always" || value === "never") job.color = value === "always"
  else return "it is one of always, never, auto"
  return undefined
}

function errorLimit(job: CcJob, value: string): string | undefined {
  if (!/^\d+$/.test(value)) return "it is a number; 0 is without limit"
  job.errorLimit = value === "0" ? Number.POSITIVE_INFINITY : Number(value)
  return undefined
}

function prefix(job: CcJob, value: string): string | undefined {
  const equals = value.lastIndexOf("=")
  if (equals < 0) return "it is FROM=TO"
  job.prefixes.push([value.slice(0, equals), value.slice(equals + 1)])
  return undefined
}

function sysroot(job: CcJob, folder: string): void {
  if (folder === "/" || folder === "") return
  job.folders.standard = false
  job.folders.after.push(`${folder}/usr/local/include`, `${folder}/usr/include`)
}

function mode(job: CcJob, system: boolean, alone: boolean): void {
  const rule = dependencies(job)
  rule.system = system
  if (alone) act(job, "dependencies")
}
