import type * as c from "../../c/index.ts"
import type { KernelNames } from "../names/provider.ts"
import type { Architecture, Registers } from "../registers.ts"
import type { DropCounters } from "./drops.ts"
import type { Table } from "./maps.ts"
import type { Program } from "./programs.ts"
import type { ProvenanceAnalysis } from "./provenance.ts"

/** What the kernel that a program is for has. */
export interface Target {
  readonly arch: Architecture
  /** Whether the kernel has a helper, by its name. Without an answer all are taken to be there. */
  readonly hasHelper?: (name: string) => boolean
  /** Whether system calls get their arguments in an inner pt_regs (CONFIG_ARCH_HAS_SYSCALL_WRAPPER). */
  readonly syscallWrapper: boolean
}

/** What all rewrites share. */
export interface Env {
  readonly names: KernelNames
  readonly diagnostics: c.Diagnostics
  readonly target: Target
  readonly tables: ReadonlyMap<c.VarDecl, Table>
  readonly provenance: ProvenanceAnalysis
  readonly registers: Registers
  /** The helper that reads kernel (where it can, also user) memory. */
  readonly readHelper: c.FunctionDecl
  /** Counts events that do not fit into ring buffers, where that is asked for. */
  readonly drops: DropCounters | undefined
}

/** The function being rewritten. */
export interface Current {
  /** As it was. */
  readonly fn: c.FunctionDecl
  readonly program: Program | undefined
}

/**
 * `bpf_probe_read` reads kernel and user addresses alike, but exists only where the two cannot be confused. Elsewhere a kernel pointer is taken for
 * granted.
 */
const ONE_ADDRESS_SPACE: ReadonlySet<Architecture> = new Set(["x86_64", "arm64", "powerpc64", "loongarch64"])

export function readHelper(names: KernelNames, target: Target): c.FunctionDecl {
  const plain = ONE_ADDRESS_SPACE.has(target.arch) && (target.hasHelper?.("bpf_probe_read") ?? true)
  return names.helper(plain ? "bpf_probe_read" : "bpf_probe_read_kernel")
}
