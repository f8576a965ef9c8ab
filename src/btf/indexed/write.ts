import { BTF_KIND } from "../format.ts"
import { parseHeader } from "../header.ts"
import { scanTypes, type TypeIndex } from "../scan.ts"
import { bucketOf, ENUMERATOR, Field, INDEX_HEADER, INDEX_MAGIC } from "./layout.ts"

/**
 * A .BTF section with an index of its names, for `Btf.open`; undefined for one of the other byte order.
 * @throws SkepError BTF_TRUNCATED, BTF_BAD_MAGIC, BTF_BAD_VERSION, BTF_BAD_HEADER, BTF_BAD_KIND
 */
export function indexedBtf(btf: Uint8Array): Uint8Array | undefined {
  const { words, strings } = parseHeader(btf)
  if (words.buffer !== btf.buffer) return undefined
  const index = scanTypes(words)
  const names = namesOf(words, index)
  const bits = Math.max(1, Math.ceil(Math.log2(names.length / 2)))
  const { firsts, entries } = buckets(names, strings, bits)

  const starts = INDEX_HEADER + ((btf.length + 3) & ~3)
  const places = { starts, buckets: starts + 4 * (index.count + 1), entries: 0 }
  places.entries = places.buckets + 4 * firsts.length
  const end = places.entries + 4 * entries.length
  const file = new Uint8Array(end + 4)
  const out = new Uint32Array(file.buffer)
  file.set(btf, INDEX_HEADER)
  out.set(index.start.subarray(0, index.count), starts / 4)
  out[starts / 4 + index.count] = words.length
  out.set(firsts, places.buckets / 4)
  out.set(entries, places.entries / 4)
  out[Field.magic] = INDEX_MAGIC
  out[Field.size] = file.length
  out[Field.btfSize] = btf.length
  out[Field.types] = INDEX_HEADER + words.byteOffset - btf.byteOffset
  out[Field.typeBytes] = words.byteLength
  out[Field.count] = index.count
  out[Field.strings] = INDEX_HEADER + strings.byteOffset - btf.byteOffset
  out[Field.stringBytes] = strings.length
  out[Field.starts] = places.starts
  out[Field.buckets] = places.buckets
  out[Field.bucketBits] = bits
  out[Field.entries] = places.entries
  out[end / 4] = INDEX_MAGIC
  return file
}

/** Offset of the name and what has it, of all types and enumerators that have one. */
function namesOf(words: Uint32Array, { start, count }: TypeIndex): number[] {
  const types: number[] = []
  const enumerators: number[] = []
  for (let type = 0; type < count; type++) {
    const at = start[type]
    if (words[at] !== 0) types.push(words[at], type)
    const kind = (words[at + 1] >>> 24) & 31
    if (kind !== BTF_KIND.enum && kind !== BTF_KIND.enum64) continue
    const stride = kind === BTF_KIND.enum ? 2 : 3
    const end = at + 3 + (words[at + 1] & 0xffff) * stride
    for (let value = at + 3; value < end; value += stride) enumerators.push(words[value], (type | ENUMERATOR) >>> 0)
  }
  return types.concat(enumerators)
}

/** Entries sorted by their bucket, and where each bucket begins. */
function buckets(
  names: readonly number[],
  strings: Uint8Array,
  bits: number,
): { readonly firsts: Uint32Array; readonly entries: Uint32Array } {
  const firsts = new Uint32Array((1 << bits) + 1)
  const bucket = new Uint32Array(names.length / 2)
  for (let i = 0; i < bucket.length; i++) {
    const end = strings.indexOf(0, names[2 * i])
    bucket[i] = bucketOf(strings, names[2 * i], end < 0 ? strings.length : end, bits)
    firsts[bucket[i] + 1]++
  }
  for (let b = 1; b < firsts.length; b++) firsts[b] += firsts[b - 1]
  const next = firsts.slice()
  const entries = new Uint32Array(names.length)
  for (let i = 0; i < bucket.length; i++) {
    const place = 2 * next[bucket[i]]++
    entries[place] = names[2 * i]
    entries[place + 1] = names[2 * i + 1]
  }
  return { firsts, entries }
}
