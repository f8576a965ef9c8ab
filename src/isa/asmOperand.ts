import type { Cursor } from "./asmCursor.ts"
import type { Insn } from "./insn.ts"
import * as o from "./opcodes.ts"
import type { InsnSymbol } from "./syntax.ts"

/** An instruction that was read, with the name in it that is still to be resolved. */
export interface AsmInsn {
  readonly insn: Insn
  /** A label to jump to, or to call or take the address of when one in the text has that name. */
  readonly label?: string
  /** What a loader resolves, when `label` is not in the text or not given. */
  readonly symbol?: InsnSymbol
}

export interface Register {
  readonly number: number
  /** Written `w`: the lower half. */
  readonly half: boolean
}

export const MIN32 = -(2 ** 31)
export const MAX32 = 2 ** 31 - 1
export const MAXU32 = 2 ** 32 - 1

/** Number of the register of operand 0 of an inline `asm`; see `assembleInline`. */
export const FIRST_OPERAND = 16

/** The register that a word names: `r0` to `r10`, `w0` to `w10`; `r$0`, `w$0` and so on are operands of an inline `asm`. */
export function asRegister(word: string): Register | undefined {
  const letter = word.charCodeAt(0)
  if (letter !== 114 && letter !== 119) return undefined
  if (word.charCodeAt(1) === 36) return { number: FIRST_OPERAND + Number(word.slice(2)), half: letter === 119 }
  const number = word.length === 2 ? word.charCodeAt(1) - 48 : word.slice(1) === "10" ? 10 : -1
  return number >= 0 && number <= 10 ? { number, half: letter === 119 } : undefined
}

/** A register of either width. */
export function register(c: Cursor): Register {
  c.skipSpace()
  const start = c.at
  const found = asRegister(c.word())
  if (found !== undefined) return found
  c.at = start
  throw c.error("expected a register, r0 to r10 or w0 to w10")
}

/** A whole register, `r0` to `r10`. */
export function full(c: Cursor): number {
  c.skipSpace()
  const start = c.at
  const found = register(c)
  if (found.half) throw c.error("expected a whole register, r0 to r10", { from: start })
  return found.number
}

/** The register of a value of a size: `w` may stand for what is 32 bits or less. */
export function operand(c: Cursor, size: number): number {
  return size === o.BPF_DW ? full(c) : register(c).number
}

/** A register of the same width as the one on the left. */
export function like(c: Cursor, left: Register): number {
  c.skipSpace()
  const start = c.at
  const found = register(c)
  if (found.half !== left.half) throw c.error("registers of two widths in one instruction", { from: start })
  return found.number
}

/** A 32-bit immediate. Those above 2^31 are taken only where they mean their own 32 bits. */
export function immediate(c: Cursor, unsigned: boolean): number {
  return c.integer(MIN32, unsigned ? MAXU32 : MAX32, "an immediate") | 0
}

/** True when a register comes next. */
export const atRegister = (c: Cursor): boolean => {
  const start = c.at
  const found = asRegister(c.word()) !== undefined
  c.at = start
  return found
}

/** Refuses half a register on the left of 64 bits. */
export function checkHalf(c: Cursor, dst: Register, size: number): void {
  if (dst.half && size === o.BPF_DW) throw c.error("64 bits do not fit half a register")
}
