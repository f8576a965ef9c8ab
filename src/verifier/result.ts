import type { VerifierMap } from "./input.ts"

/** Why a program is refused. */
export interface Refusal {
  /** The instruction, by slot, that the verifier was at. */
  readonly slot: number
  /** The line of the log that says why. */
  readonly message: string
  /** What bpf(2) would return, as a positive number: EACCES 13, EINVAL 22, E2BIG 7, EPERM 1, EFAULT 14, … */
  readonly errno: number
}

/** The figures of the last line of the log. */
export interface VerifierCounts {
  /** Instructions that were walked over, an instruction as often as it was met. */
  readonly processed: number
  readonly maxStatesPerInsn: number
  readonly totalStates: number
  readonly peakStates: number
}

/** What a load or store (or an atomic operation) reaches, whichever way led there. */
export type AccessKind =
  | "stack"
  | "ctx"
  | "packet"
  | "map_value"
  /** A structure of the kernel behind a typed pointer; a bad address reads as zero. */
  | "btf"
  /** Memory of the kernel without a type: ring buffer records, dynptr slices, buffers, sockets' fields, … */
  | "mem"
  /** User space memory of an arena. */
  | "arena"
  /** Several of these on different ways. */
  | "mixed"

/** What was found out about an instruction that a machine can use. */
export interface Facts {
  /** By slot: what an access reaches; undefined for other instructions and dead code. */
  readonly access: readonly (AccessKind | undefined)[]
  /** By slot of a helper call: the one map that is ever given to it; undefined where there is none, or several. */
  readonly callMap: readonly (VerifierMap | undefined)[]
  /** By slot: 1 for instructions that no path reaches. */
  readonly dead: Uint8Array
  /** By slot of the first instruction of each subprogram: the bytes of stack that it uses. */
  readonly stackDepth: ReadonlyMap<number, number>
}

/** What the verifier says of a program. */
export interface Verdict {
  readonly accepted: boolean
  /** In the kernel's syntax, every line ended. */
  readonly log: string
  /** Present exactly for a program that is not accepted. */
  readonly refusal?: Refusal
  readonly counts: VerifierCounts
  /** Complete for an accepted program. */
  readonly facts: Facts
}
