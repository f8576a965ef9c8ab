import type { ColumnsOf, Given } from "../../btf/index.ts"
import type { PackedEntries, ReadOptions, UpdateMode } from "../../machine/index.ts"
import { BpfMap, type MapParts } from "./base.ts"
import { type Codec, codecOf } from "./codec.ts"
import { TableIterator } from "./entries.ts"
import {
  type HistogramOptions,
  type JsonHistogram,
  jsonHistogram,
  linearHistogram,
  log2Histogram,
  named,
} from "./histogram.ts"
import { textOfValue, valueOfText } from "./text.ts"

/** How a table is walked. */
export interface WalkOptions {
  /**
   * Called when the walk has to begin again because the element it stood at has gone, with how often so far. What was
   * given already is not given again.
   */
  readonly onRestart?: (restarts: number) => void
}

/** How {@link Table.columns} reads. */
export interface ColumnOptions extends WalkOptions {
  /** Removes what is read, each element in one step with its reading where the kernel can; sets those of an array to zero. */
  readonly clear?: boolean
}

/** A table's elements as columns: element i has the i-th value of each. */
export interface TableColumns<K, V> {
  /** Number of elements. */
  readonly count: number
  /** A typed array, or for keys that are structs an object with one for each member. */
  readonly key: ColumnsOf<K>
  /** The same for the values. */
  readonly value: ColumnsOf<V>
  /** How often the walk had to begin again. */
  readonly restarts: number
}

/**
 * A map of the program that is read by keys, with the interface of JavaScript's `Map`. Keys and values are decoded by the types that the
 * program declared: integers up to 32 bits are numbers, larger ones bigints, structs objects, arrays of char a `CharArray` that reads as
 * text. The values of a per-CPU table are arrays with one element for every possible CPU.
 *
 * Name the types for a checked program: `b.table<{ pid: number }, bigint>("counts")`.
 */
// biome-ignore lint/suspicious/noExplicitAny: the types are in the C text; who wants them checked names them.
export class Table<K = any, V = any> extends BpfMap implements Iterable<[K, V]> {
  /** How keys become bytes. */
  protected readonly keyCodec: Codec
  /** How values become bytes; on a per-CPU table, each CPU's. */
  protected readonly valueCodec: Codec

  constructor(parts: MapParts) {
    super(parts)
    const { map, btf } = parts
    this.keyCodec = codecOf(map.spec, "key", btf)
    this.valueCodec = codecOf(map.spec, "value", btf)
  }

  /** Number of elements now: those of a hash are counted, an array always has all of them. */
  get size(): number {
    let size = 0
    const reader = this.map.read()
    for (let part = reader.next(); part !== undefined; part = reader.next()) size += part.count
    return size
  }

  /** The value of a key; undefined when there is none. @throws SkepError BTF_VALUE_… when the key does not fit its type */
  get(key: Given<K>): V | undefined {
    const bytes = this.map.lookup(this.encodeKey(key))
    return bytes && this.decodeValue(bytes, 0)
  }

  /** Whether there is a value of a key. */
  has(key: Given<K>): boolean {
    return this.map.lookup(this.encodeKey(key)) !== undefined
  }

  /**
   * Makes or replaces an element; `mode` can ask for one of the two only.
   * @throws SkepError MACHINE_MAP_FULL, MACHINE_KEY_EXISTS, MACHINE_NO_KEY, BTF_VALUE_…
   */
  set(key: Given<K>, value: Given<V>, mode: UpdateMode = "any"): this {
    this.map.update(this.encodeKey(key), this.encodeValue(value), mode)
    return this
  }

  /** Makes or replaces many elements, in as few system calls as the kernel can (one since Linux 5.6). @throws SkepError as set does */
  setMany(entries: Iterable<readonly [Given<K>, Given<V>]>, mode: UpdateMode = "any"): this {
    const { keySize, valueSize } = this.map
    const all = [...entries]
    const keys = new Uint8Array(all.length * keySize)
    const values = new Uint8Array(all.length * valueSize)
    for (const [i, [key, value]] of all.entries()) {
      keys.set(this.encodeKey(key), i * keySize)
      values.set(this.encodeValue(value), i * valueSize)
    }
    this.map.updatePacked({ count: all.length, keys, values }, mode)
    return this
  }

  /** Whether there was such a key. An element of an array is set to zero. */
  delete(key: Given<K>): boolean {
    return this.map.delete(this.encodeKey(key))
  }

  /** Removes every element; sets those of an array to zero. */
  clear(): void {
    this.map.clear()
  }

  /** Sets every value to zero; the keys stay. An element that comes meanwhile keeps its value. */
  zero(): void {
    const { count, keys } = this.map.readAll()
    this.map.updatePacked({ count, keys, values: new Uint8Array(count * this.map.valueSize) }, "any")
  }

  /** A key as one line of text: `{ 0x2a "bash" }`. */
  keyText(key: Given<K>): string {
    return textOfValue(key)
  }

  /** The key that {@link keyText} wrote. @throws SkepError BTF_VALUE_TYPE */
  keyOfText(text: string): K {
    return valueOfText(text, this.keyCodec.decode(new Uint8Array(this.map.keySize))) as K
  }

  /** A value as one line of text: `{ 0x2a "bash" }`. */
  valueText(value: Given<V>): string {
    return textOfValue(value)
  }

  /** The value that {@link valueText} wrote. @throws SkepError BTF_VALUE_TYPE */
  valueOfText(text: string): V {
    return valueOfText(text, this.decodeValue(new Uint8Array(this.map.valueSize), 0)) as V
  }

  /** Every key, read as {@link entries} reads. @throws SkepError MACHINE_MAP_CHANGING */
  keys(options: WalkOptions = {}): TableIterator<K> {
    return this.#walk(part => this.keyReader(part), options)
  }

  /** Every value, read as {@link entries} reads. @throws SkepError MACHINE_MAP_CHANGING */
  values(options: WalkOptions = {}): TableIterator<V> {
    return this.#walk(part => this.valueReader(part), options)
  }

  /**
   * Every element, read in large parts where the kernel can. Those that come or go meanwhile may be missed; none that
   * stays is, and none is given twice. The iterator's `restarts` tells how often it had to begin again.
   * @throws SkepError MACHINE_MAP_CHANGING where the table changes too fast to be read
   */
  entries(options: WalkOptions = {}): TableIterator<[K, V]> {
    return this.#walk(part => this.#entryReader(part), options)
  }

  /** Calls back for every element, as {@link entries} reads them. */
  forEach(call: (value: V, key: K, table: this) => void): void {
    for (const [key, value] of this.entries()) call(value, key, this)
  }

  /** The same as {@link entries}. */
  [Symbol.iterator](): TableIterator<[K, V]> {
    return this.entries()
  }

  /**
   * The whole table as typed arrays, one for each field: the fastest way to read it. Of a struct's member that is an
   * array, element j of row i is at `i * length + j`; a member that is a text is a {@link CharColumn}.
   *
   *     const { count, key, value } = b.table("stats").columns()
   *     for (let i = 0; i < count; i++) console.log(key.pid[i], value[i])
   */
  columns({ clear = false, onRestart }: ColumnOptions = {}): TableColumns<K, V> {
    const all = this.map.readAll({ remove: clear, onRestart })
    const { count, restarts } = all
    const key = this.keyCodec.columns(all.keys, count, this.map.keySize) as ColumnsOf<K>
    return { count, key, value: this.valueColumns(all) as ColumnsOf<V>, restarts }
  }

  /**
   * All elements, which are removed: what a tool does that prints every interval. Of a hash each element is read and
   * removed in one step (Linux 5.6), so that nothing that is counted meanwhile is lost. An array is read and then set to
   * zero in two: take a hash, or the difference to the values before, where that matters.
   */
  readAndClear(): [K, V][] {
    return Array.from(this.#walk(part => this.#entryReader(part), { remove: true }))
  }

  /** The same as {@link readAndClear}. */
  drain(): [K, V][] {
    return this.readAndClear()
  }

  /** The table as a histogram of powers of two, as text: a slot n counts values from 2ⁿ⁻¹ to 2ⁿ−1. */
  log2Histogram(options: HistogramOptions = {}): string {
    return log2Histogram(this.entries(), options)
  }

  /** The table as a histogram whose slots are values, as text. */
  linearHistogram(options: HistogramOptions = {}): string {
    return linearHistogram(this.entries(), options)
  }

  /** The table as a histogram of powers of two, as data: one for each section. */
  jsonHistogram(options: HistogramOptions = {}): JsonHistogram[] {
    return jsonHistogram(this.entries(), options)
  }

  /** Prints the table as a histogram of powers of two: `printLog2Hist("usecs")`. */
  printLog2Hist(valueType?: string | HistogramOptions, sectionHeader?: string): void {
    console.log(this.log2Histogram(named(valueType, sectionHeader)))
  }

  /** Prints the table as a histogram whose slots are values. */
  printLinearHist(valueType?: string | HistogramOptions, sectionHeader?: string): void {
    console.log(this.linearHistogram(named(valueType, sectionHeader)))
  }

  /** Prints the table as a histogram of powers of two in JSON, a line for each section. */
  printJsonHist(valueType?: string | HistogramOptions, sectionHeader?: string): void {
    for (const one of this.jsonHistogram(named(valueType, sectionHeader))) console.log(JSON.stringify(one))
  }

  protected encodeKey(key: unknown): Uint8Array {
    return this.keyCodec.encode(key)
  }

  protected encodeValue(value: unknown): Uint8Array {
    return this.valueCodec.encode(value)
  }

  /** The value at a byte of what a lookup gave. */
  protected decodeValue(bytes: Uint8Array, offset: number): V {
    return this.valueCodec.decode(bytes, offset) as V
  }

  /** Decodes key i of a part. */
  protected keyReader({ keys, count }: PackedEntries): (index: number) => K {
    return this.keyCodec.reader(keys, count, this.map.keySize) as (index: number) => K
  }

  /** Decodes value i of a part. */
  protected valueReader({ values, count }: PackedEntries): (index: number) => V {
    return this.valueCodec.reader(values, count, this.map.valueSize) as (index: number) => V
  }

  protected valueColumns({ values, count }: PackedEntries): unknown {
    return this.valueCodec.columns(values, count, this.map.valueSize)
  }

  #entryReader(part: PackedEntries): (index: number) => [K, V] {
    const key = this.keyReader(part)
    const value = this.valueReader(part)
    return index => [key(index), value(index)]
  }

  #walk<T>(decode: (part: PackedEntries) => (index: number) => T, options: ReadOptions): TableIterator<T> {
    return new TableIterator(read => this.map.read(read), decode, options)
  }
}
