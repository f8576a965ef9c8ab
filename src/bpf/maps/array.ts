import { SkepError } from "../../base/index.ts"
import type { ColumnsOf } from "../../btf/index.ts"
import type { SharedMemory } from "../../machine/index.ts"
import { Table } from "./table.ts"

/**
 * An array (`BPF_ARRAY`, BPF_MAP_TYPE_ARRAY): its keys are the indexes from 0 on, and all its elements are always there.
 * One that is made with the flag BPF_F_MMAPABLE (Linux 5.5) is read and written in memory, without system calls.
 */
// biome-ignore lint/suspicious/noExplicitAny: see Table.
export class ArrayTable<V = any> extends Table<number, V> {
  #memory: SharedMemory | undefined | false

  override get size(): number {
    return this.maxEntries
  }

  /** Whether elements are read in memory that is shared with the programs. */
  get isMapped(): boolean {
    return this.#shared() !== undefined
  }

  override get(index: number): V | undefined {
    const memory = this.#shared()
    if (memory === undefined) return super.get(index)
    if (!this.#isIndex(index)) return undefined
    return this.decodeValue(memory.bytes, index * memory.stride)
  }

  /** An element counted from the end where the index is negative: `at(-1)` is the last. */
  at(index: number): V | undefined {
    return this.get(index < 0 ? this.maxEntries + index : index)
  }

  override has(index: number): boolean {
    return this.#isIndex(index)
  }

  /**
   * The elements in the memory that programs write to, as typed arrays without a copy: they change as programs run.
   *
   *     const counters = b.table("counters", ArrayTable<bigint>).live()   // a BigUint64Array
   *
   * Values that are structs give an object of arrays; their members must not be copied to be a column, so only numbers
   * that take all 8 bytes of an element make one. The arrays stay good after the program is closed.
   * @throws SkepError BPF_NOT_MAPPED without BPF_F_MMAPABLE, or where a value is no single number of 8 bytes
   */
  live(): ColumnsOf<V> {
    const memory = this.#shared()
    if (memory !== undefined) {
      const column: unknown = this.valueCodec.columns(memory.bytes, this.maxEntries, memory.stride)
      if (ArrayBuffer.isView(column) && column.buffer === memory.bytes.buffer) return column as ColumnsOf<V>
    }
    throw new SkepError({
      code: "BPF_NOT_MAPPED",
      message: `the elements of array ${this.name} cannot be seen as one typed array`,
      why:
        memory === undefined
          ? "the array is not shared with this process"
          : `its values are no numbers of 8 bytes: they take ${this.map.valueSize} bytes each`,
      hint: "declare it with the flag BPF_F_MMAPABLE (BPF_TABLE_F… or map_flags) and values of u64; columns() copies any array",
    })
  }

  /** The bytes that programs share, element i at `i * stride`; undefined without BPF_F_MMAPABLE. */
  get memory(): SharedMemory | undefined {
    return this.#shared()
  }

  #isIndex(index: number): boolean {
    return Number.isInteger(index) && index >= 0 && index < this.maxEntries
  }

  #shared(): SharedMemory | undefined {
    if (this.#memory === undefined) this.#memory = this.map.memory() ?? false
    return this.#memory || undefined
  }
}
