/**
 * A .BTF section with an index, as it is kept from one process to the next. Numbers are 32-bit words in the byte order of the machine that made it,
 * which is the only one to read it. A field of the header is a word; places are byte offsets in the file, divisible by four.
 *
 *     header      magic, size of the file, and what `Field` names
 *     BTF         the section as the kernel tells it, filled up to a word
 *     starts      for each type the word of the type section where it starts, then where the last one ends
 *     buckets     for each bucket the number of its first entry, then the number of entries
 *     entries     by bucket, two words each: offset of a name in the strings; type (from 0) that has the name, with bit 31 set where it is
 *                 an enumerator of the type that has it. Types before enumerators, each in rising order.
 *     end         magic again
 */
export const INDEX_MAGIC = 0x5b744642

/** Part of the name under which such a file is kept: another number whenever the layout changes. */
export const INDEX_FORMAT = 1

/** Words of the header. */
export const Field = {
  magic: 0,
  size: 1,
  btfSize: 2,
  types: 3,
  typeBytes: 4,
  count: 5,
  strings: 6,
  stringBytes: 7,
  starts: 8,
  buckets: 9,
  bucketBits: 10,
  entries: 11,
} as const

/** Bytes of the header; the BTF follows. */
export const INDEX_HEADER = 64

/** Marks the entry of an enumerator. */
export const ENUMERATOR = 0x80000000

/** The bucket of a name of a table of `2 ** bits`: FNV-1a over the name's bytes (http://www.isthe.com/chongo/tech/comp/fnv/). */
export function bucketOf(bytes: Uint8Array, start: number, end: number, bits: number): number {
  let hash = 0x811c9dc5
  for (let i = start; i < end; i++) hash = Math.imul(hash ^ bytes[i], 0x01000193)
  return (hash ^ (hash >>> 15)) & ((1 << bits) - 1)
}
