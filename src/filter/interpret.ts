import * as o from "../isa/index.ts"
import { type AncillaryField, ancillaryField, SKF_AD_OFF, SKF_LL_OFF, SKF_NET_OFF } from "./ancillary.ts"
import { BPF_A, BPF_LEN, BPF_MEMWORDS, BPF_MISC, BPF_MSH, BPF_RET, BPF_TAX, BPF_TXA, type ClassicInsn } from "./insn.ts"

/** Values that a filter can ask for beside the packet's bytes; 0 where nothing is said. */
export type PacketMetadata = { readonly [field in Exclude<AncillaryField, "xor">]?: number }

/** What a filter sees of a packet. */
export interface FilterInput {
  /** The packet, as much of it as was captured. */
  readonly data: Uint8Array
  /** Its length on the wire; that of `data` without it. */
  readonly length?: number
  /** What the kernel knows of it beyond its bytes. */
  readonly metadata?: PacketMetadata
  /** Where the network header begins in `data`; 14 without it. */
  readonly networkOffset?: number
}

/**
 * Runs a filter over a packet: the number of bytes to keep, 0 to drop it. A load behind the end of the packet, and a
 * division by zero, end the run with 0. The filter must be one that `checkClassic` accepts.
 */
export function runClassic(insns: readonly ClassicInsn[], input: FilterInput): number {
  const { data } = input
  const length = (input.length ?? data.length) >>> 0
  const view = new DataView(data.buffer, data.byteOffset, data.length)
  const scratch = new Uint32Array(BPF_MEMWORDS)
  let a = 0
  let x = 0
  for (let pc = 0; ; pc++) {
    const { code, jt, jf, k } = insns[pc]
    switch (code) {
      case o.BPF_LD | o.BPF_W | o.BPF_ABS:
      case o.BPF_LD | o.BPF_H | o.BPF_ABS:
      case o.BPF_LD | o.BPF_B | o.BPF_ABS: {
        const field = ancillaryField(k)
        if (field !== undefined) {
          a = field === "xor" ? (a ^ x) >>> 0 : (input.metadata?.[field] ?? 0) >>> 0
          break
        }
        const value = load(view, code, place(k, input))
        if (value < 0) return 0
        a = value
        break
      }
      case o.BPF_LD | o.BPF_W | o.BPF_IND:
      case o.BPF_LD | o.BPF_H | o.BPF_IND:
      case o.BPF_LD | o.BPF_B | o.BPF_IND: {
        const value = load(view, code, place((x + k) >>> 0, input))
        if (value < 0) return 0
        a = value
        break
      }
      case o.BPF_LDX | o.BPF_B | BPF_MSH: {
        const value = load(view, code, place(k, input))
        if (value < 0) return 0
        x = (value & 15) * 4
        break
      }
      case o.BPF_LD | o.BPF_W | BPF_LEN:
        a = length
        break
      case o.BPF_LDX | o.BPF_W | BPF_LEN:
        x = length
        break
      case o.BPF_LD | o.BPF_IMM:
        a = k
        break
      case o.BPF_LDX | o.BPF_IMM:
        x = k
        break
      case o.BPF_LD | o.BPF_MEM:
        a = scratch[k]
        break
      case o.BPF_LDX | o.BPF_MEM:
        x = scratch[k]
        break
      case o.BPF_ST:
        scratch[k] = a
        break
      case o.BPF_STX:
        scratch[k] = x
        break
      case BPF_MISC | BPF_TAX:
        x = a
        break
      case BPF_MISC | BPF_TXA:
        a = x
        break
      case BPF_RET | o.BPF_K:
        return k
      case BPF_RET | BPF_A:
        return a
      case o.BPF_JMP | o.BPF_JA:
        pc += k
        break
      default: {
        const operand = (code & o.BPF_X) === 0 ? k : x
        if ((code & o.BPF_CLASS_MASK) === o.BPF_JMP) {
          pc += holds(code & o.BPF_OP_MASK, a, operand) ? jt : jf
          break
        }
        const op = code & o.BPF_OP_MASK
        if (operand === 0 && (op === o.BPF_DIV || op === o.BPF_MOD)) return 0
        a = calculate(op, a, operand)
      }
    }
  }
}

/** Where in the captured bytes a load reads; negative for none. */
function place(k: number, { networkOffset = 14 }: FilterInput): number {
  if (k < 0x8000_0000) return k
  if (k >= SKF_AD_OFF || k < SKF_LL_OFF) return -1
  return k >= SKF_NET_OFF ? networkOffset + (k - SKF_NET_OFF) : k - SKF_LL_OFF
}

/** Packet bytes in network order; -1 where there are none. */
function load(view: DataView, code: number, at: number): number {
  const size = code & o.BPF_SIZE_MASK
  if (at < 0 || at + o.sizeBytes(size) > view.byteLength) return -1
  return size === o.BPF_W ? view.getUint32(at) : size === o.BPF_H ? view.getUint16(at) : view.getUint8(at)
}

function holds(op: number, a: number, operand: number): boolean {
  if (op === o.BPF_JEQ) return a === operand
  if (op === o.BPF_JGT) return a > operand
  if (op === o.BPF_JGE) return a >= operand
  return (a & operand) !== 0
}

/** `a op operand` in unsigned 32 bits, as the kernel has it: shifts count modulo 32. The divisor is not zero. */
export function calculate(op: number, a: number, operand: number): number {
  switch (op) {
    case o.BPF_ADD:
      return (a + operand) >>> 0
    case o.BPF_SUB:
      return (a - operand) >>> 0
    case o.BPF_MUL:
      return Math.imul(a, operand) >>> 0
    case o.BPF_DIV:
      return Math.floor(a / operand)
    case o.BPF_MOD:
      return a % operand
    case o.BPF_AND:
      return (a & operand) >>> 0
    case o.BPF_OR:
      return (a | operand) >>> 0
    case o.BPF_XOR:
      return (a ^ operand) >>> 0
    case o.BPF_LSH:
      return (a << operand) >>> 0
    case o.BPF_RSH:
      return a >>> operand
    default:
      return -a >>> 0
  }
}
