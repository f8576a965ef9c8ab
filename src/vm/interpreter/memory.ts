import { BPF_MEMSX, BPF_MODE_MASK, sizeBytes } from "../../isa/index.ts"
import { KERNEL, PACKET } from "../address.ts"
import { badAddress } from "../fault.ts"
import { type Memory, SHADOW_BYTES } from "../memory.ts"
import type { Run } from "../run.ts"

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

/**
 * dst = *(src + offset) through a typed pointer: memory of the environment where it has some there, else the machine's, and 0 where nothing may be read.
 * `opcode` is that of a load.
 */
export function probe(opcode: number, R: Int32Array, d: number, s: number, offset: number, run: Run): void {
  const size = sizeBytes(opcode)
  const at = (R[s] + offset) | 0
  const high = R[s + 1]
  const foreign = run.environment.foreign === undefined ? undefined : foreignBytes(run, R[s], high, offset, size)
  R[d] = 0
  R[d + 1] = 0
  const isSigned = (opcode & BPF_MODE_MASK) === BPF_MEMSX
  if (foreign?.length === size) take(R, d, new DataView(foreign.buffer, foreign.byteOffset, size), 0, size, isSigned)
  else if (high === KERNEL && run.memory.readable(at, size)) take(R, d, run.memory.view, at, size, isSigned)
}

function foreignBytes(run: Run, low: number, high: number, offset: number, size: number): Uint8Array | undefined {
  const address = (BigInt(high >>> 0) << 32n) + BigInt(low >>> 0) + BigInt(offset)
  return run.environment.foreign?.(BigInt.asUintN(64, address), size)
}

function take(R: Int32Array, d: number, view: DataView, at: number, size: number, isSigned: boolean): void {
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
