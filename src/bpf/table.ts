import { SkepError } from "../base/index.ts"
import type { Btf } from "../btf/index.ts"
import type { LoadedMap, UpdateMode } from "../machine/index.ts"
import { type Codec, codecOf } from "./codec.ts"
import { type HistogramOptions, linearHistogram, log2Histogram } from "./histogram.ts"

/**
 * A map of the program, with the interface of JavaScript's `Map`. Keys and values are decoded by the types that the program declared:
 * integers up to 32 bits are numbers, larger ones bigints, structs objects, arrays of char a `CharArray` that reads as text. The values of a
 * per-CPU table are arrays with one element for every possible CPU.
 *
 * Name the types for a checked program: `b.table<{ pid: number }, bigint>("counts")`.
 */
// biome-ignore lint/suspicious/noExplicitAny: the types are in the C text; who wants them checked names them.
export class Table<K = any, V = any> implements Iterable<[K, V]> {
  /** The map beneath, whose keys and values are bytes. */
  readonly map: LoadedMap
  readonly #key: Codec
  readonly #value: Codec
  /** Bytes from one CPU's value to the next. */
  readonly #stride: number
  readonly #perCpu: boolean

  constructor(map: LoadedMap, btf: Btf | undefined) {
    this.map = map
    this.#key = codecOf(map.spec, "key", btf)
    this.#value = codecOf(map.spec, "value", btf)
    this.#perCpu = map.type.includes("percpu")
    this.#stride = (map.spec.valueSize + 7) & ~7
  }

  get name(): string {
    return this.map.name
  }

  /** The kernel's name of the map's type, lower case: `hash`, `percpu_array`, … */
  get type(): string {
    return this.map.type
  }

  get maxEntries(): number {
    return this.map.maxEntries
  }

  /** Number of elements now: those of a hash are counted one by one, an array always has all of them. */
  get size(): number {
    if (this.type.endsWith("array")) return this.maxEntries
    let size = 0
    for (const _ of this.map.keys()) size++
    return size
  }

  /** The value of a key; undefined when there is none. @throws SkepError BTF_VALUE_… when the key does not fit its type */
  get(key: K): V | undefined {
    const bytes = this.map.lookup(this.#key.encode(key))
    return bytes && this.#decode(bytes)
  }

  has(key: K): boolean {
    return this.map.lookup(this.#key.encode(key)) !== undefined
  }

  /**
   * Makes or replaces an element; `mode` can ask for one of the two only.
   * @throws SkepError MACHINE_MAP_FULL, MACHINE_KEY_EXISTS, MACHINE_NO_KEY, BTF_VALUE_…
   */
  set(key: K, value: V, mode: UpdateMode = "any"): this {
    this.map.update(this.#key.encode(key), this.#encode(value), mode)
    return this
  }

  /** Whether there was such a key. An element of an array is set to zero. */
  delete(key: K): boolean {
    return this.map.delete(this.#key.encode(key))
  }

  clear(): void {
    this.map.clear()
  }

  *keys(): IterableIterator<K> {
    for (const key of this.map.keys()) yield this.#key.decode(key) as K
  }

  *values(): IterableIterator<V> {
    for (const [, value] of this.map.entries()) yield this.#decode(value)
  }

  /** Every element, read in batches where the kernel can. Those that come or go meanwhile may be missed, none is given twice. */
  *entries(): IterableIterator<[K, V]> {
    for (const [key, value] of this.map.entries()) yield [this.#key.decode(key) as K, this.#decode(value)]
  }

  [Symbol.iterator](): IterableIterator<[K, V]> {
    return this.entries()
  }

  /** Gives all elements and removes them, in one step where the kernel can (Linux 5.6). */
  drain(): [K, V][] {
    return this.map.drain().map(([key, value]) => [this.#key.decode(key) as K, this.#decode(value)])
  }

  /** Adds to a queue or a stack. */
  push(value: V): void {
    this.map.push(this.#encode(value))
  }

  /** Takes the next element of a queue or a stack; undefined when it is empty. */
  pop(): V | undefined {
    const bytes = this.map.lookupAndDelete(new Uint8Array(0))
    return bytes && this.#decode(bytes)
  }

  /** The table as a histogram of powers of two, as text: a slot n counts values from 2ⁿ⁻¹ to 2ⁿ−1. */
  log2Histogram(options: HistogramOptions = {}): string {
    return log2Histogram(this.entries(), options)
  }

  /** The table as a histogram whose slots are values, as text. */
  linearHistogram(options: HistogramOptions = {}): string {
    return linearHistogram(this.entries(), options)
  }

  printLog2Hist(valueType?: string, sectionHeader?: string): void {
    console.log(this.log2Histogram({ valueType, sectionHeader }))
  }

  printLinearHist(valueType?: string, sectionHeader?: string): void {
    console.log(this.linearHistogram({ valueType, sectionHeader }))
  }

  #decode(bytes: Uint8Array): V {
    if (!this.#perCpu) return this.#value.decode(bytes) as V
    return Array.from({ length: this.map.copies }, (_, cpu) => this.#value.decode(bytes, cpu * this.#stride)) as V
  }

  #encode(value: V): Uint8Array {
    if (!this.#perCpu) return this.#value.encode(value)
    const { copies } = this.map
    if (!Array.isArray(value) || value.length !== copies) {
      throw new SkepError({
        code: "BPF_PER_CPU",
        message: `a value of the per-CPU table ${this.name} is an array of ${copies} values, one for every possible CPU`,
        hint: `to set all alike: Array(${copies}).fill(value)`,
      })
    }
    const bytes = new Uint8Array(this.#stride * copies)
    for (const [cpu, one] of value.entries()) bytes.set(this.#value.encode(one), cpu * this.#stride)
    return bytes
  }
}
