import type { Random } from "./random.ts"

/** Numbers at whose edges readers go wrong. */
const WORDS = [0, 1, 2, 0x7f, 0x80, 0xff, 0x7fff, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xfffffff0, 0xffffffff]

/** A copy of bytes with a few of them changed: single ones, whole words, pieces copied to elsewhere, an end that is missing. */
export function damagedBytes(random: Random, bytes: Uint8Array, from = 0): Uint8Array {
  const out = bytes.slice()
  const place = (room: number): number => from + random.below(out.length - from - room)
  for (let i = 0; i <= random.below(4); i++) {
    if (out.length - from < 16) break
    const kind = random.below(6)
    if (kind < 2) out[place(1)] = random.below(256)
    else if (kind === 2) out[place(1)] ^= 1 << random.below(8)
    else if (kind < 5) new DataView(out.buffer).setUint32(place(4) & ~random.below(4), random.pick(WORDS), true)
    else {
      const length = 1 + random.below(12)
      const piece = place(length)
      out.copyWithin(place(length), piece, piece + length)
    }
  }
  return random.chance(0.1) ? out.subarray(0, from + random.below(out.length - from)) : out
}

/** Values of other kinds than any that is expected. */
const VALUES: readonly unknown[] = [
  null,
  0,
  -1,
  1e308,
  2 ** 53,
  "",
  "\0",
  "x".repeat(300),
  true,
  [],
  {},
  [null],
  { kind: 5 },
  "__proto__",
  "NaN",
]

/** A copy of a value of JSON in which some member, however deep, is another one, or is missing. */
export function damagedJson(random: Random, value: unknown): unknown {
  if (typeof value !== "object" || value === null || random.chance(0.15)) return random.pick(VALUES)
  const keys = Object.keys(value)
  if (keys.length === 0) return random.pick(VALUES)
  const chosen = random.pick(keys)
  const gone = random.chance(0.2)
  const changed = Object.entries(value).flatMap(([key, member]) =>
    key !== chosen ? [[key, member]] : gone ? [] : [[key, damagedJson(random, member)]],
  )
  return Array.isArray(value) ? changed.map(([, member]) => member) : Object.fromEntries(changed)
}
