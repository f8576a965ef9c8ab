/**
 * How a snapshot holds BTF: not type by type, but each property of all types in a stream of its own, where the next number is like the last one,
 * so that DEFLATE finds more to repeat.
 *
 *     kinds     kind | flag << 5, a byte for each type
 *     counts    number of members, parameters, …
 *     names     of types, and apart from them those of `parts`: 0 none, 1 the next string, from 2 on a string that is used again and again
 *     refs      a type: 0 void, 1 its distance in `far`, from 2 on one of those that are used most
 *     sizes     sizes, widths, linkages, components
 *     offsets   of members, in bits, from the last one's
 *     bits      widths of bit-fields, where a record has any
 *     values    of enumerators, from the last one's; halves of 32 bits where they have 64
 */
export const STREAMS = [
  "kinds",
  "counts",
  "names",
  "parts",
  "refs",
  "far",
  "sizes",
  "offsets",
  "bits",
  "values",
] as const

export type Streams<T> = Record<(typeof STREAMS)[number], T>

/** A stream for each name. */
export function streams<T>(make: () => T): Streams<T> {
  return Object.fromEntries(STREAMS.map(name => [name, make()])) as Streams<T>
}

/** Types that have a number of one byte. */
export const COMMON_TYPES = 126
