import { BPF_MEMSX, BPF_MODE_MASK, sizeBytes } from "../../isa/index.ts"
import { KERNEL, PACKET } from "../address.ts"
import { badAddress } from "../fault.ts"
import { type Memory, SHADOW_BYTES } from "../memory.ts"

/** Whether the first granule of an access says that it may be read. */
export const mayRead = (shadow: Uint8Array, low: number, high: number, size: number): boolean =>
  (high === KERNEL || high === PACKET) && (shadow[low >>> 3] & SHADOW_BYTES) >= (low & 7) + size

/** Whether the first granule of an access says that it may be written. */
export const mayWrite = (shadow: Uint8Array, low: number, high: number, size: number): boolean =>
  (high === KERNEL || high === PACKET) && shadow[low >>> 3] <= 8 && shadow[low >>> 3] >= (low & 7) + size

/** An access that the shadow of its first granule did not allow: it may reach into the next. @throws Fault VM_ACCESS */
export function reads(memory: Memory, low: number, high: number, size: number): void {
  if ((high !== KERNEL && high !== PACKET) || !memory.readable(low, size)) {
    throw badAddress(memory, low, high, size, "read")
  }
}
export function writes(memory: Memory, low: number, high: number, size: number): void {
  if ((high !== KERNEL && high !== PACKET) || !memory.writable(low, size)) {
    throw badAddress(memory, low, high, size, "write")
  }
}

/** dst = *(src + offset) through a typed pointer: 0 where nothing may be read. `opcode` is that of a load. */
export function probe(opcode: number, R: Int32Array, d: number, s: number, offset: number, memory: Memory): void {
  const at = (R[s] + offset) | 0
  const high = R[s + 1]
  const size = sizeBytes(opcode)
  R[d] = 0
  R[d + 1] = 0
  if (high !== KERNEL || !memory.readable(at, size)) return
  const { view } = memory
  const isSigned = (opcode & BPF_MODE_MASK) === BPF_MEMSX
  switch (size) {
    case 8:
      R[d] = view.getInt32(at, true)
      R[d + 1] = view.getInt32(at + 4, true)
      return
    case 4:
      R[d] = view.getInt32(at, true)
      break
    case 2:
      R[d] = isSigned ? view.getInt16(at, true) : view.getUint16(at, true)
      break
    default:
      R[d] = isSigned ? view.getInt8(at) : view.getUint8(at)
  }
  if (isSigned) R[d + 1] = R[d] >> 31
}
