import { SkepError } from "../../base/index.ts"
import type { Given } from "../../btf/index.ts"
import type { PackedEntries } from "../../machine/index.ts"
import type { MapParts } from "./base.ts"
import { type Reducer, reduce } from "./reduce.ts"
import { Table } from "./table.ts"

/** A table with a value for every possible CPU: values are arrays, element n is that of CPU n. */
// biome-ignore lint/suspicious/noExplicitAny: see Table.
export class PerCpuTable<K = any, V = any> extends Table<K, V[]> {
  /** Bytes from one CPU's value to the next. */
  readonly #stride: number

  constructor(parts: MapParts) {
    super(parts)
    this.#stride = (parts.map.spec.valueSize + 7) & ~7
  }

  /** Number of values of each element: the possible CPUs. */
  get cpus(): number {
    return this.map.copies
  }

  /** The sum over all CPUs; of structs and arrays, of each member. Undefined when there is no such key. */
  sum(key: Given<K>): V | undefined {
    return this.reduce(key, "sum")
  }

  /** The largest over all CPUs; of structs and arrays, of each member. */
  max(key: Given<K>): V | undefined {
    return this.reduce(key, "max")
  }

  /** The smallest over all CPUs; of structs and arrays, of each member. */
  min(key: Given<K>): V | undefined {
    return this.reduce(key, "min")
  }

  /** The average over all CPUs; of structs and arrays, of each member. Bigints are rounded towards zero. */
  avg(key: Given<K>): V | undefined {
    return this.reduce(key, "avg")
  }

  /** One value made of those of all CPUs. */
  reduce(key: Given<K>, how: Reducer<V>): V | undefined {
    const values = this.get(key)
    return values && (reduce(values, how) as V)
  }

  /** All elements with one value each: `for (const [key, total] of t.reduced("sum"))`. */
  *reduced(how: Reducer<V>): IterableIterator<[K, V]> {
    for (const [key, values] of this.entries()) yield [key, reduce(values, how) as V]
  }

  protected override decodeValue(bytes: Uint8Array, offset: number): V[] {
    return Array.from(
      { length: this.cpus },
      (_, cpu) => this.valueCodec.decode(bytes, offset + cpu * this.#stride) as V,
    )
  }

  protected override valueReader({ values, count }: PackedEntries): (index: number) => V[] {
    const { cpus } = this
    const at = this.valueCodec.reader(values, count * cpus, this.#stride) as (index: number) => V
    return index => Array.from({ length: cpus }, (_, cpu) => at(index * cpus + cpu))
  }

  /** CPU after CPU: that of CPU n of element i is at `i * cpus + n`. */
  protected override valueColumns({ values, count }: PackedEntries): unknown {
    return this.valueCodec.columns(values, count * this.cpus, this.#stride)
  }

  protected override encodeValue(value: unknown): Uint8Array {
    const { cpus } = this
    if (!Array.isArray(value) || value.length !== cpus) {
      throw new SkepError({
        code: "BPF_PER_CPU",
        message: `a value of the per-CPU table ${this.name} is an array of ${cpus} values, one for every possible CPU`,
        hint: `to set all alike: Array(${cpus}).fill(value)`,
      })
    }
    const bytes = new Uint8Array(this.#stride * cpus)
    for (const [cpu, one] of value.entries()) bytes.set(this.valueCodec.encode(one), cpu * this.#stride)
    return bytes
  }
}

/** A hash with a value for every possible CPU (`BPF_PERCPU_HASH`), or one that drops the least recently used element. */
// biome-ignore lint/suspicious/noExplicitAny: see Table.
export class PerCpuHash<K = any, V = any> extends PerCpuTable<K, V> {
  /** Removes many, in as few system calls as the kernel can (Linux 5.6); the number of those that were there. */
  deleteMany(keys: Iterable<Given<K>>): number {
    return this.map.deleteMany(Array.from(keys, key => this.encodeKey(key)))
  }
}

/** An array with a value for every possible CPU (`BPF_PERCPU_ARRAY`). */
// biome-ignore lint/suspicious/noExplicitAny: see Table.
export class PerCpuArray<V = any> extends PerCpuTable<number, V> {
  override get size(): number {
    return this.maxEntries
  }
}
