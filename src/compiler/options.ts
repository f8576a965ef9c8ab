import type { Architecture } from "../bcc/index.ts"
import type { Btf } from "../btf/index.ts"
import type { IncludeResolver } from "../c/index.ts"
import type { CpuLevel } from "../codegen/index.ts"
import type { Module } from "../ir/index.ts"

/** What the compiler asks about the kernel that the program is for; each when it is first needed. */
export interface Target {
  readonly arch: Architecture
  /** `LINUX_VERSION_CODE`: major << 16 | minor << 8 | patch. */
  readonly kernelVersion: number
  /** CPUs that are online, for `bpf_num_cpus()`. */
  readonly cpus: number
  /** Bytes of a memory page. */
  readonly pageSize: number
  /** The kernel's types; without them the program must declare what it uses. */
  readonly btf?: Btf
  /** BTF of the kernel's modules, on top of the kernel's; first of those whose names are alike to the one that is looked for. */
  readonly moduleBtf?: (name: string) => Iterable<Btf>
  /** Content of `events/CATEGORY/EVENT/format` of tracefs; undefined when there is no such tracepoint. */
  readonly readTracepointFormat?: (category: string, event: string) => string | undefined
  /** What to do about a tracepoint that has no format, for the message. */
  readonly tracepointHint?: (category: string, event: string) => string | undefined
  /** Value of a `CONFIG_…` macro, undefined where the option is not set. Without it, what distributions set is assumed. */
  readonly config?: (name: string) => string | undefined
}

/** BCC's C, with tables that have methods, or libbpf's, with sections, `.maps` and CO-RE. */
export type Dialect = "bcc" | "libbpf"

export interface CompileOptions {
  /** The text's name, for messages and line info. */
  readonly name: string
  readonly text: string
  readonly target: Target
  readonly cpu: CpuLevel
  /** Whose C it is. Without it: libbpf's where it includes `vmlinux.h` or `bpf/…`, or names sections with `SEC()`; else BCC's. */
  readonly dialect?: Dialect
  /** `-DNAME`, `-DNAME=VALUE`, `-UNAME`, in order; `-include FILE` reads a file before the program. */
  readonly flags?: readonly string[]
  /** Finds the files of `#include`. Kernel headers need not be there: skep has what programs use of them. */
  readonly resolve?: IncludeResolver
  /** Errors after which the compiler stops; 20 without it. */
  readonly errorLimit?: number
  /** Names of stages and passes whose result is wanted, from {@link dumpNames}. */
  readonly dump?: readonly string[]
  /** Called with each result wanted: the stage's or pass's name, and the text. */
  readonly onDump?: (stage: string, text: string) => void
  /** Keeps what debug information tells of local variables; the code is the same. */
  readonly debug?: boolean
  /**
   * Adds code that counts, for each CPU, the events for which a ring buffer has no room, and a map `skep_drops` for the counts (`MapSpec.drops`). Not
   * unless it is asked for: the code is the same without.
   */
  readonly countDrops?: boolean
  /**
   * Leave to the loader where the members of the kernel's structs are (CO-RE), so that the object runs on kernels that have them elsewhere. Programs
   * for libbpf say so themselves; those of BCC's have the places of the target without it.
   */
  readonly core?: boolean
  /** Changes the module before it is optimised: adds calls that record what a program does, for example. */
  readonly transform?: (module: Module) => void
  /** Runs the validity checks of every stage; slower. */
  readonly check?: boolean
}
