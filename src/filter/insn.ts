/**
 * One instruction of classic BPF (`struct sock_filter`), as data.
 *
 *     0                16      24      32                              64
 *     +----------------+-------+-------+-------------------------------+
 *     |code            |jt     |jf     |k                              |
 *     +----------------+-------+-------+-------------------------------+
 *
 * The machine has an accumulator A, an index register X and 16 words of scratch memory M[], all of 32 bits. Jumps go
 * forward only. What a filter returns is the number of bytes of the packet to keep; 0 drops it.
 *
 * Source: Linux include/uapi/linux/filter.h; McCanne and Jacobson, "The BSD Packet Filter" (1993).
 */
export interface ClassicInsn {
  /** Class, and size and mode or operation and source. */
  readonly code: number
  /** Instructions to skip when a condition holds, 0 to 255. */
  readonly jt: number
  /** Instructions to skip when it does not. */
  readonly jf: number
  /** The constant, unsigned 32 bits. */
  readonly k: number
}

// Classes and modes that extended BPF has another use for. What it shares stands in the room isa.
export const BPF_RET = 0x06
export const BPF_MISC = 0x07
/** Length of the packet, as a mode of a load. */
export const BPF_LEN = 0x80
/** `4 * (packet[k] & 15)`, the length of an IPv4 header, as a mode of a load of X. */
export const BPF_MSH = 0xa0
/** Source of a return: the accumulator. */
export const BPF_A = 0x10
export const BPF_TAX = 0x00
export const BPF_TXA = 0x80

/** Words of scratch memory. */
export const BPF_MEMWORDS = 16
/** Instructions that a filter may have (`BPF_MAXINSNS`). */
export const BPF_MAXINSNS = 4096

/** An instruction that does not jump. */
export const stmt = (code: number, k = 0): ClassicInsn => ({ code, jt: 0, jf: 0, k: k >>> 0 })
/** A conditional jump. */
export const jump = (code: number, k: number, jt: number, jf: number): ClassicInsn => ({ code, jt, jf, k: k >>> 0 })
