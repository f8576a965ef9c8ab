/** Instruction set level, with LLVM's `-mcpu` numbers: 2 adds `<` jumps, 3 32-bit jumps and atomics, 4 signed division, sign extension, long jumps. */
export type CpuLevel = 1 | 2 | 3 | 4

/** Stages whose result can be shown. */
export type DumpStage = "isel" | "regalloc" | "layout"

export interface CodegenOptions {
  readonly cpu: CpuLevel
  /** Whether the kernel has loads that acquire and stores that release (Linux 6.15; level 4); without, they are volatile ones. */
  readonly acquireRelease?: boolean
  /** Byte order of the machine that runs the program; default false. */
  readonly bigEndian?: boolean
  /** Splits every access that may be misaligned, not only those of the stack; for kernels without efficient unaligned access. */
  readonly strictAlignment?: boolean
  /** Proves after register allocation that each use reads the right value; throws CODEGEN_REGALLOC. */
  readonly check?: boolean
  readonly dump?: CodegenDump
}

export interface CodegenDump {
  readonly stages: ReadonlySet<DumpStage>
  readonly write: (stage: DumpStage, func: string, text: string) => void
}
