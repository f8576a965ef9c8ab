import type { ByteOrder } from "../isa/index.ts"
import { badFilter } from "./error.ts"
import type { ClassicInsn } from "./insn.ts"

/** Bytes of one instruction. */
export const CLASSIC_INSN_BYTES = 8

/** Instructions as the kernel takes them (`struct sock_filter[]`), little-endian unless asked otherwise. */
export function encodeClassic(insns: readonly ClassicInsn[], { bigEndian = false }: ByteOrder = {}): Uint8Array {
  const bytes = new Uint8Array(insns.length * CLASSIC_INSN_BYTES)
  const view = new DataView(bytes.buffer)
  for (const [i, { code, jt, jf, k }] of insns.entries()) {
    const at = i * CLASSIC_INSN_BYTES
    view.setUint16(at, code, !bigEndian)
    bytes[at + 2] = jt
    bytes[at + 3] = jf
    view.setUint32(at + 4, k, !bigEndian)
  }
  return bytes
}

/** The instructions of a filter in the kernel's form. @throws SkepError FILTER_INVALID when the last one is cut short */
export function decodeClassic(bytes: Uint8Array, { bigEndian = false }: ByteOrder = {}): ClassicInsn[] {
  if (bytes.length % CLASSIC_INSN_BYTES !== 0) {
    throw badFilter(`a filter of ${bytes.length} bytes is cut short`, "each instruction takes 8 bytes")
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  return Array.from({ length: bytes.length / CLASSIC_INSN_BYTES }, (_, i) => {
    const at = i * CLASSIC_INSN_BYTES
    return {
      code: view.getUint16(at, !bigEndian),
      jt: bytes[at + 2],
      jf: bytes[at + 3],
      k: view.getUint32(at + 4, !bigEndian),
    }
  })
}
