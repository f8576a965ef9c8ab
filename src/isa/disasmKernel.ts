import { formatAlu } from "./disasmAlu.ts"
import { helperName } from "./helpers.ts"
import type { Insn } from "./insn.ts"
import * as o from "./opcodes.ts"
import { ATOMIC_NAMES, JUMP_SIGNS, widthOf } from "./syntax.ts"

const signed = (n: number): string => (n < 0 ? `${n}` : `+${n}`)
const hex32 = (n: number): string => `0x${(n >>> 0).toString(16)}`

/** A memory operand: `*(u64 *)(r1 +8)`. */
const memory = (kind: string, op: number, register: number, off: number): string =>
  `*(${kind}${widthOf(op)} *)(r${register} ${signed(off)})`

/**
 * One instruction as the kernel's verifier writes it, with the opcode in front. Where the verifier's text does not
 * say all (module of a kernel function, index of a map, BTF id of a variable) a word more is written.
 * Source: the output of the kernel's log and of `bpftool prog dump xlated`.
 */
export function formatKernel(insn: Insn, symbol?: string): string {
  return `(${insn.op.toString(16).padStart(2, "0")}) ${body(insn, symbol)}`
}

function body(insn: Insn, symbol: string | undefined): string {
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
      const kind = (insn.op & o.BPF_MODE_MASK) === o.BPF_MEMSX ? "s" : "u"
      return `r${insn.dst} = ${memory(kind, insn.op, insn.src, insn.off)}`
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
      return `goto pc${signed(off)}`
    case o.OP_JA32:
      return `gotol pc${signed(imm)}`
    case o.OP_MAY_GOTO:
      return `may_goto pc${signed(off)}`
    case o.OP_EXIT:
      return "exit"
    case o.OP_CALLX:
      return `callx r${dst}`
    case o.OP_CALL:
      return `call ${symbol ?? callee(insn)}`
  }
  const right = (op & o.BPF_SRC_MASK) === o.BPF_X ? `${r}${src}` : hex32(imm)
  return `if ${r}${dst} ${JUMP_SIGNS[(op & o.BPF_OP_MASK) >> 4]} ${right} goto pc${signed(off)}`
}

function callee(insn: Insn): string {
  if (insn.src === o.BPF_PSEUDO_CALL) return `pc${signed(insn.imm)}`
  if (insn.src === o.BPF_PSEUDO_KFUNC_CALL) {
    return `kernel-function#${insn.imm}${insn.off === 0 ? "" : ` module ${insn.off}`}`
  }
  return `${helperName(insn.imm) ?? "unknown"}#${insn.imm}`
}

function load(insn: Insn, symbol: string | undefined): string {
  const { op, dst, src, imm } = insn
  const kind = `u${widthOf(op)}`
  if ((op & o.BPF_MODE_MASK) === o.BPF_ABS) return `r0 = *(${kind} *)skb[${imm}]`
  if ((op & o.BPF_MODE_MASK) === o.BPF_IND) return `r0 = *(${kind} *)skb[r${src} + ${imm}]`
  return `r${dst} = ${symbol ?? wideValue(insn)}`
}

/** What a 64-bit immediate load loads. */
export function wideValue(insn: Insn): string {
  const { src, imm } = insn
  const high = insn.imm64 ?? 0
  switch (src) {
    case o.BPF_PSEUDO_MAP_FD:
      return `map[id:${imm}]`
    case o.BPF_PSEUDO_MAP_VALUE:
      return `map[id:${imm}][0]+${high >>> 0}`
    case o.BPF_PSEUDO_MAP_IDX:
      return `map[idx:${imm}]`
    case o.BPF_PSEUDO_MAP_IDX_VALUE:
      return `map[idx:${imm}]+${high >>> 0}`
    case o.BPF_PSEUDO_FUNC:
      return `subprog[${signed(imm)}]`
    case o.BPF_PSEUDO_BTF_ID:
      return `btf[id:${imm}]${high === 0 ? "" : `[fd:${high}]`}`
  }
  return high === 0 ? hex32(imm) : `${hex32(high)}${(imm >>> 0).toString(16).padStart(8, "0")}`
}

function store(insn: Insn): string {
  const { op, dst, src, off, imm } = insn
  const place = memory("u", op, dst, off)
  if ((op & o.BPF_MODE_MASK) === o.BPF_MEM) return `${place} = r${src}`
  const pointer = place.slice(1)
  const wide = (op & o.BPF_SIZE_MASK) === o.BPF_DW ? "64" : ""
  switch (imm) {
    case o.BPF_LOAD_ACQ:
      return `r${dst} = load_acquire(${memory("u", op, src, off).slice(1)})`
    case o.BPF_STORE_REL:
      return `store_release(${pointer}, r${src})`
    case o.BPF_XCHG:
      return `r${src} = atomic${wide}_xchg(${pointer}, r${src})`
    case o.BPF_CMPXCHG:
      return `r0 = atomic${wide}_cmpxchg(${pointer}, r0, r${src})`
  }
  for (const [operation, sign, name] of ATOMIC_NAMES) {
    if (imm === operation) return `lock ${place} ${sign} r${src}`
    if (imm === (operation | o.BPF_FETCH)) return `r${src} = atomic${wide}_fetch_${name}(${pointer}, r${src})`
  }
  return `unknown atomic ${imm}`
}
