import { decodeType } from "../decode.ts"
import { enumeratorIn } from "../enumerator.ts"
import { badBtf } from "../error.ts"
import { BTF_KIND_NAMES, type BtfKind } from "../format.ts"
import { MemorySection } from "../memory.ts"
import type { BtfSection, SectionEnumerator } from "../section.ts"
import type { BtfType } from "../types.ts"
import { Chunks } from "./chunks.ts"
import { bucketOf, ENUMERATOR, Field, INDEX_HEADER, INDEX_MAGIC } from "./layout.ts"
import type { ByteSource } from "./source.ts"

/**
 * A kernel's types in a file that {@link indexedBtf} made: types, names and the index are read where they are asked for. A question that
 * the index does not answer (all types of a kind, all strings with some text) reads the whole section.
 */
export class IndexedSection implements BtfSection {
  /** As this machine is: no other is indexed. */
  readonly littleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1
  readonly count: number
  readonly firstString = 0
  readonly endOfStrings: number
  readonly #source: ByteSource
  readonly #header: Uint32Array
  readonly #chunks: Chunks
  readonly #strings: Chunks
  #whole: MemorySection | undefined

  private constructor(source: ByteSource, header: Uint32Array, chunks: Chunks) {
    this.#source = source
    this.#header = header
    this.#chunks = chunks
    this.#strings = new Chunks(source, header[Field.strings], header[Field.stringBytes])
    this.count = header[Field.count]
    this.endOfStrings = header[Field.stringBytes]
  }

  /** Undefined when the file is none of this format, or not whole. */
  static open(source: ByteSource): IndexedSection | undefined {
    const { size } = source
    if (size <= INDEX_HEADER || size % 4 !== 0) return undefined
    const chunks = new Chunks(source)
    const header = chunks.words(0, INDEX_HEADER / 4)
    if (header[Field.magic] !== INDEX_MAGIC || header[Field.size] !== size) return undefined
    return chunks.word(size - 4) === INDEX_MAGIC ? new IndexedSection(source, header, chunks) : undefined
  }

  get bytes(): Uint8Array {
    return this.#all().bytes
  }

  word(type: number, n: number): number {
    return this.#chunks.word(this.#header[Field.types] + 4 * (this.#start(type) + n))
  }

  decode(type: number, string: (offset: number) => string): BtfType {
    return decodeType({ words: this.#words(type), string }, 0)
  }

  string(offset: number): string {
    if (!(offset >= 0 && offset < this.endOfStrings)) {
      throw badBtf("BTF_BAD_STRING", `BTF string offset ${offset} is outside the string section`)
    }
    return this.#strings.text(offset)
  }

  offsets(name: string): Iterable<number> {
    return this.#all().offsets(name)
  }

  find(name: string, kinds: readonly BtfKind[]): number {
    for (const type of this.#named(name)) if (this.#isOf(type, kinds)) return type
    return -1
  }

  findAll(name: string, kinds: readonly BtfKind[]): number[] {
    return [...this.#named(name)].filter(type => this.#isOf(type, kinds))
  }

  findEnumerator(name: string): SectionEnumerator | undefined {
    const found: SectionEnumerator[] = []
    for (const [offset, marked] of this.#entries(name)) {
      if (marked < ENUMERATOR) continue
      const type = marked - ENUMERATOR
      const value = enumeratorIn(this.#words(type), 0, offset)
      if (value !== undefined) found.push({ value, type })
    }
    return found.find(({ value }) => typeof value === "number") ?? found[0]
  }

  ofKind(kind: BtfKind): Iterable<number> {
    return this.#all().ofKind(kind)
  }

  stringsWith(text: string): Iterable<string> {
    return this.#all().stringsWith(text)
  }

  #start(type: number): number {
    return this.#chunks.word(this.#header[Field.starts] + 4 * type)
  }

  #words(type: number): Uint32Array {
    const start = this.#start(type)
    return this.#chunks.words(this.#header[Field.types] + 4 * start, this.#start(type + 1) - start)
  }

  #isOf(type: number, kinds: readonly BtfKind[]): boolean {
    return kinds.includes(BTF_KIND_NAMES[(this.word(type, 1) >>> 24) & 31])
  }

  /** Types with a name, in rising order. */
  *#named(name: string): Generator<number, void, undefined> {
    for (const [, type] of this.#entries(name)) if (type < ENUMERATOR) yield type
  }

  /** The entries of a name, as the layout has them. */
  *#entries(name: string): Generator<readonly [offset: number, type: number], void, undefined> {
    const bytes = new TextEncoder().encode(name)
    const buckets = this.#header[Field.buckets]
    const bucket = bucketOf(bytes, 0, bytes.length, this.#header[Field.bucketBits])
    const end = this.#chunks.word(buckets + 4 * bucket + 4)
    for (let entry = this.#chunks.word(buckets + 4 * bucket); entry < end; entry++) {
      const at = this.#header[Field.entries] + 8 * entry
      const offset = this.#chunks.word(at)
      if (this.string(offset) === name) yield [offset, this.#chunks.word(at + 4)]
    }
  }

  #all(): MemorySection {
    this.#whole ??= new MemorySection(this.#source.read(INDEX_HEADER, this.#header[Field.btfSize]), 0)
    return this.#whole
  }
}
