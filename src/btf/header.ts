import { badBtf } from "./error.ts"
import { BTF_HEADER_SIZE, BTF_MAGIC, BTF_VERSION } from "./format.ts"

const HOST_LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1

/** The two sections of a .BTF blob. */
export interface BtfSections {
  readonly littleEndian: boolean
  /** The type section, in the byte order of this machine. */
  readonly words: Uint32Array
  readonly strings: Uint8Array
}

/**
 * Finds the sections of a .BTF blob and checks the header.
 * @throws SkepError BTF_TRUNCATED, BTF_BAD_MAGIC, BTF_BAD_VERSION, BTF_BAD_HEADER
 */
export function parseHeader(bytes: Uint8Array): BtfSections {
  if (bytes.length < BTF_HEADER_SIZE) {
    throw badBtf("BTF_TRUNCATED", `BTF of ${bytes.length} bytes is shorter than its header (${BTF_HEADER_SIZE} bytes)`)
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const littleEndian = view.getUint16(0, true) === BTF_MAGIC
  if (!littleEndian && view.getUint16(0, false) !== BTF_MAGIC) {
    throw badBtf("BTF_BAD_MAGIC", "not BTF: it does not start with the magic number 0xeb9f")
  }
  const version = bytes[2]
  if (version !== BTF_VERSION) {
    throw badBtf("BTF_BAD_VERSION", `BTF version ${version} is not known; version ${BTF_VERSION} is`)
  }
  const headerSize = view.getUint32(4, littleEndian)
  if (headerSize < BTF_HEADER_SIZE || headerSize > bytes.length) {
    throw badBtf("BTF_BAD_HEADER", `BTF header says it is ${headerSize} bytes long, in ${bytes.length} bytes of BTF`)
  }
  const section = (what: string, at: number): Uint8Array => {
    const start = headerSize + view.getUint32(at, littleEndian)
    const size = view.getUint32(at + 4, littleEndian)
    if (start + size > bytes.length) {
      throw badBtf(
        "BTF_TRUNCATED",
        `BTF ${what} section ends at byte ${start + size}, but the BTF is ${bytes.length} bytes long`,
      )
    }
    return bytes.subarray(start, start + size)
  }
  const types = section("type", 8)
  const strings = section("string", 16)
  if (types.length % 4 !== 0) {
    throw badBtf("BTF_BAD_HEADER", `BTF type section of ${types.length} bytes is not made of 32-bit words`)
  }
  return { littleEndian, words: toWords(types, littleEndian), strings }
}

/** 32-bit words of a section: a view where alignment and byte order allow it, otherwise a copy. */
export function toWords(bytes: Uint8Array, littleEndian: boolean): Uint32Array {
  const count = bytes.length >>> 2
  const sameOrder = littleEndian === HOST_LITTLE_ENDIAN
  if (sameOrder && bytes.byteOffset % 4 === 0) return new Uint32Array(bytes.buffer, bytes.byteOffset, count)
  const words = new Uint32Array(count)
  new Uint8Array(words.buffer).set(bytes.subarray(0, count * 4))
  if (!sameOrder) {
    for (let i = 0; i < count; i++) {
      const w = words[i]
      words[i] = (w << 24) | ((w & 0xff00) << 8) | ((w >>> 8) & 0xff00) | (w >>> 24)
    }
  }
  return words
}
