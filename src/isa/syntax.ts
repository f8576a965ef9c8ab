import type { Insn } from "./insn.ts"
import * as o from "./opcodes.ts"

/**
 * The two ways to write BPF code down: `kernel` is that of the verifier's log and of bpftool
 * (`(79) r1 = *(u64 *)(r2 +8)`), `llvm` that of llvm-objdump with decimal numbers (`r1 = *(u64 *)(r2 + 8)`).
 */
export type Syntax = "kernel" | "llvm"

/**
 * A name where the instruction has a number that only a loader knows. Written the same in both syntaxes:
 *
 *     map        r1 = map[NAME]
 *     mapValue   r1 = map[NAME][0]+OFFSET
 *     function   r1 = subprog[NAME]
 *     ksym       r1 = ksym[NAME]
 *     extern     r1 = extern[NAME]+OFFSET
 *     call       call NAME
 *     kfunc      call kernel-function#NAME
 */
export interface InsnSymbol {
  readonly kind: "map" | "mapValue" | "function" | "ksym" | "extern" | "call" | "kfunc"
  readonly name: string
  /** Byte offset in the map's first value; of `mapValue` and `extern` only. */
  readonly offset?: number
}

/** Operator of an arithmetic operation, by operation >> 4. */
export const ALU_SIGNS = ["+=", "-=", "*=", "/=", "|=", "&=", "<<=", ">>=", "", "%=", "^=", "=", "s>>="] as const
/** Operator of a condition, by operation >> 4. */
export const JUMP_SIGNS = ["", "==", ">", ">=", "&", "!=", "s>", "s>=", "", "", "<", "<=", "s<", "s<="] as const
/** Words of an atomic operation. */
export const ATOMIC_NAMES: readonly (readonly [op: number, sign: string, name: string])[] = [
  [o.BPF_ADD, "+=", "add"],
  [o.BPF_OR, "|=", "or"],
  [o.BPF_AND, "&=", "and"],
  [o.BPF_XOR, "^=", "xor"],
]

/** Bits that a load, store or atomic operation moves: 8 to 64. */
export const widthOf = (op: number): number => o.sizeBytes(op) * 8

/** The distance in slots of an instruction that jumps; undefined for one that does not, and for calls. */
export function jumpDistance(insn: Insn): number | undefined {
  const { op } = insn
  if (op === o.OP_JA32) return insn.imm
  const cls = op & o.BPF_CLASS_MASK
  if (cls !== o.BPF_JMP && cls !== o.BPF_JMP32) return undefined
  const operation = op & o.BPF_OP_MASK
  return operation === o.BPF_CALL || operation === o.BPF_EXIT ? undefined : insn.off
}
