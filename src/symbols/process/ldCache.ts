/** A library that the dynamic linker has found before. */
export interface CachedLibrary {
  /** `libc.so.6` */
  readonly name: string
  readonly path: string
  readonly flags: number
}

const MAGIC_OLD = "ld.so-1.7.0\0"
const MAGIC = "glibc-ld.so.cache1.1"
/** Libraries above this are damage. */
const MOST = 1 << 18

/**
 * Reads glibc's /etc/ld.so.cache; nothing for bytes that are none.
 *
 *     "glibc-ld.so.cache1.1", count u32, size of the strings u32, flags u8, padding, extension u32, unused u32[3]   48 bytes
 *     entry: flags s32, name u32, path u32, os version u32, hardware capabilities u64                               24 bytes
 *
 * Names are offsets from the header. An old cache (`ld.so-1.7.0`, entries of 12 bytes) may stand before it. Source: glibc
 * sysdeps/generic/dl-cache.h.
 */
export function parseLdCache(bytes: Uint8Array): CachedLibrary[] {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let start = 0
  if (buffer.toString("latin1", 0, MAGIC_OLD.length - 1) === MAGIC_OLD.slice(0, -1) && buffer.length >= 16) {
    // The new table is behind the old one, at a multiple of 8.
    start = Math.ceil((16 + buffer.readUInt32LE(12) * 12) / 8) * 8
  }
  if (start + 48 > buffer.length || buffer.toString("latin1", start, start + MAGIC.length) !== MAGIC) return []
  // Byte order of the cache: 2 is little-endian, 3 big; 0 was written before this was told.
  const big = (buffer[start + 28] & 3) === 3
  const u32 = (at: number): number => (big ? buffer.readUInt32BE(at) : buffer.readUInt32LE(at))
  const count = Math.min(u32(start + 20), MOST, Math.floor((buffer.length - start - 48) / 24))
  const text = (offset: number): string => {
    const from = start + offset
    const end = buffer.indexOf(0, from)
    return from >= buffer.length || end < 0 ? "" : buffer.toString("utf8", from, end)
  }
  const libraries: CachedLibrary[] = []
  for (let i = 0; i < count; i++) {
    const at = start + 48 + i * 24
    const library = { flags: u32(at), name: text(u32(at + 4)), path: text(u32(at + 8)) }
    if (library.name !== "" && library.path.startsWith("/")) libraries.push(library)
  }
  return libraries
}
