import { decodeType } from "./decode.ts"
import { enumeratorIn } from "./enumerator.ts"
import { BTF_KIND, type BtfKind } from "./format.ts"
import { parseHeader } from "./header.ts"
import { scanTypes, type TypeIndex } from "./scan.ts"
import type { BtfSection, SectionEnumerator } from "./section.ts"
import { StringTable } from "./strings.ts"
import type { BtfType } from "./types.ts"

/**
 * A .BTF section in memory. Opening makes one pass over the type headers; a lookup by name finds the name's place among the strings and
 * compares that along the types of one kind. The bytes are not copied and must not change afterwards.
 */
export class MemorySection implements BtfSection {
  readonly littleEndian: boolean
  readonly count: number
  readonly firstString: number
  readonly endOfStrings: number
  readonly bytes: Uint8Array
  readonly #words: Uint32Array
  readonly #strings: StringTable
  readonly #index: TypeIndex

  /** @throws SkepError BTF_TRUNCATED, BTF_BAD_MAGIC, BTF_BAD_VERSION, BTF_BAD_HEADER, BTF_BAD_KIND, BTF_BAD_STRING */
  constructor(bytes: Uint8Array, firstString: number) {
    const { littleEndian, words, strings } = parseHeader(bytes)
    this.bytes = bytes
    this.littleEndian = littleEndian
    this.firstString = firstString
    this.#words = words
    this.#strings = new StringTable(strings, firstString)
    this.endOfStrings = this.#strings.end
    this.#index = scanTypes(words)
    this.count = this.#index.count
  }

  word(type: number, n: number): number {
    return this.#words[this.#index.start[type] + n]
  }

  decode(type: number, string: (offset: number) => string): BtfType {
    return decodeType({ words: this.#words, string }, this.#index.start[type])
  }

  string(offset: number): string {
    return this.#strings.get(offset)
  }

  *offsets(name: string): Generator<number, void, undefined> {
    for (let at = this.#strings.find(name); at >= 0; at = this.#strings.find(name, at)) yield at
  }

  find(name: string, kinds: readonly BtfKind[], inherited: Iterable<number>): number {
    const { first, next, start } = this.#index
    for (const offset of this.#everywhere(name, inherited)) {
      let best = 0
      for (const kind of kinds) {
        for (let i = first[BTF_KIND[kind]]; i !== 0 && (best === 0 || i < best); i = next[i - 1]) {
          if (this.#words[start[i - 1]] === offset) best = i
        }
      }
      if (best !== 0) return best - 1
    }
    return -1
  }

  findAll(name: string, kinds: readonly BtfKind[], inherited: Iterable<number>): number[] {
    const { first, next, start } = this.#index
    const types: number[] = []
    for (const offset of this.#everywhere(name, inherited)) {
      for (const kind of kinds) {
        for (let i = first[BTF_KIND[kind]]; i !== 0; i = next[i - 1]) {
          if (this.#words[start[i - 1]] === offset) types.push(i - 1)
        }
      }
    }
    return types.sort((a, b) => a - b)
  }

  findEnumerator(name: string, inherited: Iterable<number>): SectionEnumerator | undefined {
    const { first, next, start } = this.#index
    for (const offset of this.#everywhere(name, inherited)) {
      for (const kind of [BTF_KIND.enum, BTF_KIND.enum64]) {
        for (let i = first[kind]; i !== 0; i = next[i - 1]) {
          const value = enumeratorIn(this.#words, start[i - 1], offset)
          if (value !== undefined) return { value, type: i - 1 }
        }
      }
    }
    return undefined
  }

  *ofKind(kind: BtfKind): Generator<number, void, undefined> {
    const { first, next } = this.#index
    for (let i = first[BTF_KIND[kind]]; i !== 0; i = next[i - 1]) yield i - 1
  }

  stringsWith(text: string): Iterable<string> {
    return this.#strings.with(text)
  }

  *#everywhere(name: string, inherited: Iterable<number>): Generator<number, void, undefined> {
    yield* inherited
    yield* this.offsets(name)
  }
}
