import type { Bits } from "./shape.ts"

/** Bytes that a bit-field touches. */
export function touchedBytes({ shift, width }: Bits): number {
  return (shift + width + 7) >>> 3
}

/** Places that a bit-field's value is shifted left by in the number its bytes make. */
function place({ shift, width }: Bits, littleEndian: boolean): number {
  return littleEndian ? shift : touchedBytes({ shift, width }) * 8 - shift - width
}

/** Bit-field of up to 32 bits as an unsigned number. */
export function readBits(view: DataView, at: number, bits: Bits, littleEndian: boolean): number {
  // At most 5 bytes: exact in a number.
  const count = touchedBytes(bits)
  let value = 0
  for (let i = 0; i < count; i++) value = value * 256 + view.getUint8(littleEndian ? at + count - 1 - i : at + i)
  return Math.floor(value / 2 ** place(bits, littleEndian)) % 2 ** bits.width
}

/** Bit-field of any width as an unsigned bigint. */
export function readBigBits(view: DataView, at: number, bits: Bits, littleEndian: boolean): bigint {
  const value = readBigBytes(view, at, touchedBytes(bits), littleEndian)
  return BigInt.asUintN(bits.width, value >> BigInt(place(bits, littleEndian)))
}

/** Writes the low bits of a value and leaves the other bits of the bytes as they are. */
export function writeBits(view: DataView, at: number, bits: Bits, value: bigint, littleEndian: boolean): void {
  const count = touchedBytes(bits)
  const shift = BigInt(place(bits, littleEndian))
  const mask = ((1n << BigInt(bits.width)) - 1n) << shift
  let bytes = (readBigBytes(view, at, count, littleEndian) & ~mask) | ((value << shift) & mask)
  for (let i = 0; i < count; i++, bytes >>= 8n) {
    view.setUint8(littleEndian ? at + i : at + count - 1 - i, Number(bytes & 0xffn))
  }
}

function readBigBytes(view: DataView, at: number, count: number, littleEndian: boolean): bigint {
  let value = 0n
  for (let i = 0; i < count; i++) {
    value = (value << 8n) | BigInt(view.getUint8(littleEndian ? at + count - 1 - i : at + i))
  }
  return value
}
