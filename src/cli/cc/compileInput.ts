import { readFileSync } from "node:fs"
import { readBytes, runningCpu, runningTarget } from "../../bpf/index.ts"
import { Compilation, type CpuLevel, type Dialect, type Target } from "../../compiler/index.ts"
import { type BpfObject, disassembleObject, writeElf } from "../../object/index.ts"
import type { CcHeaders } from "./headers.ts"
import type { CcJob } from "./job.ts"
import type { CcMessages } from "./messages.ts"

/** What a compilation made; nothing with `-fsyntax-only` and `-M`. */
export interface Made {
  readonly content: string | Uint8Array | undefined
}

/** Compiles one file as the job says; undefined when it failed, which was said then. */
export function compileInput(
  job: CcJob,
  name: string,
  headers: CcHeaders,
  messages: CcMessages,
  version: string,
): Made | undefined {
  let text: string
  try {
    text = name === "-" ? readFileSync(0, "utf8") : readBytes(name).toString("utf8")
  } catch (error) {
    messages.thrown(error)
    return undefined
  }
  const cpu = job.cpu === "probe" ? runningCpu() : job.cpu
  const compilation = new Compilation({
    name: name === "-" ? "<stdin>" : name,
    text,
    dialect: dialectOf(text),
    flags: [...cpuMacros(cpu), ...job.flags],
    resolve: headers.resolve,
    target: targetOf(job.flags),
    cpu,
    errorLimit: job.errorLimit,
    debug: job.debug,
  })
  let made: Made | undefined
  try {
    made = { content: contentOf(compilation, job, version) }
  } catch (error) {
    messages.thrown(error)
  }
  messages.compiler(compilation.diagnostics.list, path => headers.used.get(path)?.system === true)
  return made
}

/** Libbpf's C, as for clang; BCC's for programs that declare its tables or probes. */
function dialectOf(text: string): Dialect {
  const bcc =
    /^\s*(BPF_(TABLE|HASH|ARRAY|HISTOGRAM|LRU_|PERCPU_|PERF_|RINGBUF_OUTPUT|STACK|QUEUE|PROG_ARRAY|LPM_TRIE)\w*|\w+_PROBE)\s*\(/m
  return bcc.test(text) && !/\bSEC\s*\(/.test(text) ? "bcc" : "libbpf"
}

/** An object as a file, with DWARF where it is asked for. */
export function objectFile(object: BpfObject, job: CcJob, version: string): Uint8Array {
  const named = (name: string): string => {
    const [from, to] = job.prefixes.findLast(([prefix]) => name.startsWith(prefix)) ?? ["", ""]
    return to + name.slice(from.length)
  }
  const mapped = {
    ...object,
    name: named(object.name),
    lines: object.lines.map(line => ({ ...line, file: named(line.file) })),
    ...(object.debug && { debug: { ...object.debug, files: object.debug.files.map(named) } }),
  }
  const directory = named(job.compilationFolder ?? process.cwd())
  return writeElf(mapped, job.debug ? { debug: { producer: `skep ${version}`, directory } } : {})
}

function contentOf(compilation: Compilation, job: CcJob, version: string): Made["content"] {
  switch (job.action) {
    case "preprocess":
      return compilation.preprocessed({ markers: job.markers })
    case "macros":
      return `${compilation.macros.join("\n")}\n`
    case "dependencies":
      void compilation.preprocessed()
      return undefined
    case "syntax":
      void compilation.ast
      return undefined
    case "assembly":
      return disassembleObject(compilation.object, { syntax: "llvm" })
    default:
      return objectFile(compilation.object, job, version)
  }
}

/** Features that came with each instruction set, as clang's macros name them. */
const FEATURES: readonly (readonly [CpuLevel, string])[] = [
  [2, "JMP_EXT"],
  [3, "JMP32"],
  [3, "ALU32"],
  [4, "LDSX"],
  [4, "MOVSX"],
  [4, "BSWAP"],
  [4, "SDIV_SMOD"],
  [4, "GOTOL"],
  [4, "ST"],
]

function cpuMacros(cpu: CpuLevel): string[] {
  const features = FEATURES.filter(([since]) => cpu >= since).map(([, name]) => `-D__BPF_FEATURE_${name}`)
  return [`-D__BPF_CPU_VERSION__=${cpu}`, ...features]
}

/** Names of `__TARGET_ARCH_…`, by which programs say whose registers they read. */
const ARCHITECTURES: Readonly<Record<string, Target["arch"]>> = {
  x86: "x86_64",
  arm64: "arm64",
  riscv: "riscv64",
  s390: "s390x",
  loongarch: "loongarch64",
  powerpc: "powerpc64",
}

/** The running kernel's types; the registers of the machine that `-D__TARGET_ARCH_…` names. */
function targetOf(flags: readonly string[]): Target {
  const target = runningTarget()
  for (const flag of flags) {
    const [, name] = /^-D__TARGET_ARCH_(\w+)/.exec(flag) ?? []
    if (name !== undefined && Object.hasOwn(ARCHITECTURES, name))
      return Object.create(target, { arch: { value: ARCHITECTURES[name] } })
  }
  return target
}
