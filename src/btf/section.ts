import type { BtfKind } from "./format.ts"
import type { BtfType } from "./types.ts"

/** An enumerator and where it was found. */
export interface SectionEnumerator {
  /** A bigint for an `enum64`. */
  readonly value: number | bigint
  /** Number of the `enum` or `enum64`. */
  readonly type: number
}

/**
 * What a BTF asks of its own types and strings, wherever they are: all in memory, or in a file of which parts are read. Types are counted from 0
 * here; offsets are those of strings, which continue the base's. `inherited`: offsets of the name among the base's strings.
 */
export interface BtfSection {
  readonly littleEndian: boolean
  /** Number of types. */
  readonly count: number
  /** Offset of the first string. */
  readonly firstString: number
  /** Offset after the last string. */
  readonly endOfStrings: number
  /** The whole .BTF section. */
  readonly bytes: Uint8Array
  /** Word `n` of a type. */
  word(type: number, n: number): number
  /** A type decoded; `string` gives the text at an offset, the base's included. @throws SkepError as `decodeType` does */
  decode(type: number, string: (offset: number) => string): BtfType
  /** The own string at an offset. @throws SkepError BTF_BAD_STRING */
  string(offset: number): string
  /** Where a name, which is not empty, stands among the own strings: once, where no string is there twice. */
  offsets(name: string): Iterable<number>
  /** First type with a name and one of the kinds; -1 when there is none. */
  find(name: string, kinds: readonly BtfKind[], inherited: Iterable<number>): number
  /** All types with a name and one of the kinds, in rising order. */
  findAll(name: string, kinds: readonly BtfKind[], inherited: Iterable<number>): number[]
  /** The first enumerator of that name in an `enum`, else in an `enum64`. */
  findEnumerator(name: string, inherited: Iterable<number>): SectionEnumerator | undefined
  /** Types of a kind, in rising order. */
  ofKind(kind: BtfKind): Iterable<number>
  /** The own strings that hold a text, which is ASCII and not empty. */
  stringsWith(text: string): Iterable<string>
}
