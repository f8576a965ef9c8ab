import { formatAlu } from "./disasmAlu.ts"
import type { Insn } from "./insn.ts"
import * as o from "./opcodes.ts"
import { ATOMIC_NAMES, JUMP_SIGNS, widthOf } from "./syntax.ts"

const signed = (n: number): string => (n < 0 ? `${n}` : `+${n}`)
const spaced = (n: number): string => (n < 0 ? `- ${-n}` : `+ ${n}`)

/** Values that fit 32 bits are written as parts of the 32-bit register. */
const half = (op: number): "w" | "r" => ((op & o.BPF_SIZE_MASK) === o.BPF_DW ? "r" : "w")

/** A memory operand: `*(u64 *)(r1 + 8)`. */
const memory = (kind: string, op: number, register: number, off: number): string =>
  `*(${kind}${widthOf(op)} *)(r${register} ${spaced(off)})`

/**
 * One instruction as `llvm-objdump -d --mcpu=v4 --no-print-imm-hex` writes it (load_acquire and store_release as
 * LLVM 20 does). What its text does not say stands behind it in angle brackets, where it puts names of places:
 * `call -1 <subprogram>`, `ld_pseudo r1, 2, 5 <+8>`.
 */
export function formatLlvm(insn: Insn, symbol?: string): string {
  switch (insn.op & o.BPF_CLASS_MASK) {
    case o.BPF_ALU:
      return formatAlu(insn, "w")
    case o.BPF_ALU64:
      return formatAlu(insn, "r")
    case o.BPF_JMP:
      return jump(insn, "r", symbol)
    case o.BPF_JMP32:
      return jump(insn, "w", symbol)
    case o.BPF_LD:
      return load(insn, symbol)
    case o.BPF_LDX: {
      if ((insn.op & o.BPF_MODE_MASK) === o.BPF_MEMSX) {
        return `r${insn.dst} = ${memory("s", insn.op, insn.src, insn.off)}`
      }
      return `${half(insn.op)}${insn.dst} = ${memory("u", insn.op, insn.src, insn.off)}`
    }
    case o.BPF_ST:
      return `${memory("u", insn.op, insn.dst, insn.off)} = ${insn.imm}`
    default:
      return store(insn)
  }
}

function jump(insn: Insn, r: "w" | "r", symbol: string | undefined): string {
  const { op, dst, src, off, imm } = insn
  switch (op) {
    case o.OP_JA:
      return `goto ${signed(off)}`
    case o.OP_JA32:
      return `gotol ${signed(imm)}`
    case o.OP_MAY_GOTO:
      return `may_goto ${signed(off)}`
    case o.OP_EXIT:
      return "exit"
    case o.OP_CALLX:
      return `callx r${dst}`
    case o.OP_CALL:
      return `call ${symbol ?? callee(insn)}`
  }
  const right = (op & o.BPF_SRC_MASK) === o.BPF_X ? `${r}${src}` : `${imm}`
  return `if ${r}${dst} ${JUMP_SIGNS[(op & o.BPF_OP_MASK) >> 4]} ${right} goto ${signed(off)}`
}

function callee(insn: Insn): string {
  if (insn.src === o.BPF_PSEUDO_CALL) return `${insn.imm} <subprogram>`
  if (insn.src === o.BPF_PSEUDO_KFUNC_CALL) {
    return `${insn.imm} <kernel-function${insn.off === 0 ? "" : ` module ${insn.off}`}>`
  }
  return `${insn.imm}`
}

function load(insn: Insn, symbol: string | undefined): string {
  const { op, dst, src, imm } = insn
  const kind = `u${widthOf(op)}`
  if ((op & o.BPF_MODE_MASK) === o.BPF_ABS) return `r0 = *(${kind} *)skb[${imm}]`
  if ((op & o.BPF_MODE_MASK) === o.BPF_IND) {
    return `r0 = *(${kind} *)skb[r${src}${imm === 0 ? "" : ` ${spaced(imm)}`}]`
  }
  if (symbol !== undefined) return `r${dst} = ${symbol}`
  const high = insn.imm64 ?? 0
  if (src !== 0) return `ld_pseudo\tr${dst}, ${src}, ${imm >>> 0}${high === 0 ? "" : ` <${signed(high)}>`}`
  return `r${dst} = ${high === imm >> 31 ? imm : wide(high, imm)} ll`
}

const wide = (high: number, low: number): bigint => (BigInt(high) << 32n) | BigInt(low >>> 0)

function store(insn: Insn): string {
  const { op, dst, src, off, imm } = insn
  const place = memory("u", op, dst, off)
  const r = half(op)
  if ((op & o.BPF_MODE_MASK) === o.BPF_MEM) return `${place} = ${r}${src}`
  const address = `r${dst} ${spaced(off)}`
  const suffix = r === "w" ? "32_32" : "_64"
  switch (imm) {
    case o.BPF_LOAD_ACQ:
      return `${r}${dst} = load_acquire(${memory("u", op, src, off).slice(1)})`
    case o.BPF_STORE_REL:
      return `store_release(${place.slice(1)}, ${r}${src})`
    case o.BPF_XCHG:
      return `${r}${src} = xchg${suffix}(${address}, ${r}${src})`
    case o.BPF_CMPXCHG:
      return `${r}0 = cmpxchg${suffix}(${address}, ${r}0, ${r}${src})`
  }
  for (const [operation, sign, name] of ATOMIC_NAMES) {
    if (imm === operation) return `lock ${place} ${sign} ${r}${src}`
    if (imm === (operation | o.BPF_FETCH)) return `${r}${src} = atomic_fetch_${name}(${place.slice(1)}, ${r}${src})`
  }
  return `unknown atomic ${imm}`
}
