import type { Given } from "../../btf/index.ts"
import { Table } from "./table.ts"

/** A hash (`BPF_HASH`, BPF_MAP_TYPE_HASH), or one that drops the least recently used element when it is full. */
// biome-ignore lint/suspicious/noExplicitAny: see Table.
export class HashTable<K = any, V = any> extends Table<K, V> {
  /** The value of a key, which is removed: in one step since Linux 5.14. Undefined when there is none. */
  take(key: Given<K>): V | undefined {
    const bytes = this.map.lookupAndDelete(this.encodeKey(key))
    return bytes && this.decodeValue(bytes, 0)
  }

  /** Removes many, in as few system calls as the kernel can (Linux 5.6); the number of those that were there. */
  deleteMany(keys: Iterable<Given<K>>): number {
    return this.map.deleteMany(Array.from(keys, key => this.encodeKey(key)))
  }
}
