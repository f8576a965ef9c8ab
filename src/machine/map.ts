import type { MapSpec } from "../object/index.ts"
import type { EventOptions, EventReader } from "./events.ts"
import type { RecordSender } from "./sender.ts"
import type { MachineSymbols } from "./symbols.ts"

/** What an update may do. Any: make or replace; absent: only make; present: only replace. */
export type UpdateMode = "any" | "absent" | "present"

/** Elements as bytes, one after another: key i is at byte `i * keySize` of `keys`, value i at `i * valueSize` of `values`. */
export interface PackedEntries {
  /** Number of elements. */
  readonly count: number
  /** The keys, one after another. */
  readonly keys: Uint8Array
  /** The values, one after another. */
  readonly values: Uint8Array
}

/** How a map is walked. */
export interface ReadOptions {
  /** Removes what is read, each element in one step with its reading where the machine can. Elements of an array become zero. */
  readonly remove?: boolean
  /**
   * Called when the walk had to begin again because the element it stood at had gone, with how often so far. What was
   * given already is not given again.
   */
  readonly onRestart?: (restarts: number) => void
}

/** Memory that programs use, too. */
export interface SharedMemory {
  /** The memory itself: it changes as programs run. */
  readonly bytes: Uint8Array
  /** Bytes from one element to the next: the size of a value, rounded up to 8. */
  readonly stride: number
  /** False for frozen maps: writing to the bytes ends the process. */
  readonly writable: boolean
}

/** Walks a map once. */
export interface MapReader {
  /** How often the walk had to begin again because the map changed under it. */
  readonly restarts: number
  /**
   * The next elements, in bytes that are valid until the next call; undefined at the end. Throws `MACHINE_MAP_CHANGING`
   * where a map changes so fast that the walk cannot be finished.
   */
  next(): PackedEntries | undefined
}

/**
 * A map of a machine. Keys and values are bytes in the machine's byte order; the layers above decode them. All calls
 * are synchronous. Errors: `MACHINE_MAP_FULL`, `MACHINE_KEY_EXISTS`, `MACHINE_NO_KEY`, `MACHINE_SIZE` (a key or value of
 * the wrong length), `MACHINE_UNSUPPORTED` (this type of map has no such operation), `MACHINE_CLOSED`.
 */
export interface LoadedMap extends Disposable {
  /** The map's name in the program. */
  readonly name: string
  /** What the object says of it. */
  readonly spec: MapSpec
  /** Type by its `enum bpf_map_type` name without the prefix, lower case. */
  readonly type: string
  /** Bytes of a key. 0 for queues, stacks and ring buffers. */
  readonly keySize: number
  /**
   * Bytes that one lookup gives and one update takes. A per-CPU map has one value for every possible CPU, one after
   * another, each rounded up to 8 bytes.
   */
  readonly valueSize: number
  /** Number of values in one lookup: the possible CPUs of a per-CPU map, 1 for every other. */
  readonly copies: number
  /** Most elements; bytes of a ring buffer. */
  readonly maxEntries: number
  /** Names of what is traced; this computer's kernel and processes without it. */
  readonly symbols?: MachineSymbols
  /** File descriptor in the kernel, a handle in the embedded machine: what a map of maps takes as value. */
  readonly fd: number

  /** The value of a key in new bytes; undefined when there is none. */
  lookup(key: Uint8Array): Uint8Array | undefined
  /** Copies the value of a key to `value` without allocating; false when there is none. */
  lookupInto(key: Uint8Array, value: Uint8Array): boolean
  /** Makes or replaces an element, as `mode` says. */
  update(key: Uint8Array, value: Uint8Array, mode?: UpdateMode): void
  /** Whether there was such a key. An element of an array is set to zero. */
  delete(key: Uint8Array): boolean
  /**
   * Reads and removes an element, in one step where the machine can (Linux 5.14 for hash maps). Queues and stacks: the
   * next element, with an empty key.
   */
  lookupAndDelete(key: Uint8Array): Uint8Array | undefined
  /** Adds to a queue or stack. */
  push(value: Uint8Array, mode?: UpdateMode): void
  /** The key after `key` in the map's own order, the first one without an argument; undefined at the end. */
  nextKey(key?: Uint8Array): Uint8Array | undefined
  /**
   * Reads all elements in large parts, the fast way. Elements that come or go meanwhile may be missed, none that stays
   * is, and none is given twice.
   */
  read(options?: ReadOptions): MapReader
  /** All elements at once. The bytes are the caller's. */
  readAll(options?: ReadOptions): PackedEntries & { readonly restarts: number }
  /** Keys and values, each in new bytes, as {@link read} gives them. */
  entries(): IterableIterator<[key: Uint8Array, value: Uint8Array]>
  /** Keys in new bytes, as {@link read} gives them. */
  keys(): IterableIterator<Uint8Array>
  /** Updates many elements, in as few calls as the machine can. `values[i]` belongs to `keys[i]`. */
  updateMany(keys: readonly Uint8Array[], values: readonly Uint8Array[], mode?: UpdateMode): void
  /** The same for elements that are packed already. */
  updatePacked(entries: PackedEntries, mode?: UpdateMode): void
  /** Deletes many; the number of keys that were there. */
  deleteMany(keys: readonly Uint8Array[]): number
  /** Gives all elements and removes them, in one step where the machine can (Linux 5.6). */
  drain(): [key: Uint8Array, value: Uint8Array][]
  /** Removes every element; sets those of an array to zero. */
  clear(): void
  /** Whether a Bloom filter may hold a value. */
  contains(value: Uint8Array): boolean
  /**
   * The memory of an array or of global data that was made with BPF_F_MMAPABLE (Linux 5.5), and of an arena, shared with
   * programs; element i is at byte `i * stride`. Undefined where the map has none. It may be used for as long as anything
   * refers to its buffer, after the map is closed, too.
   */
  memory(): SharedMemory | undefined
  /** A new map like those that this map of maps holds. The caller closes it; the kernel keeps it while it is in the map. */
  makeInner(): LoadedMap
  /** The map that a map of maps holds at a key; undefined when there is none. The caller closes it. */
  openInner(key: Uint8Array): LoadedMap | undefined
  /**
   * What programs send through the map: a perf event array or a ring buffer. The kernel gives each record to one
   * reader.
   */
  events(options?: EventOptions): EventReader
  /** What sends records to programs through the map, a user ring buffer. */
  sender(): RecordSender
  /** Forbids writes from user space for good. Linux 5.2. */
  freeze(): void
  /** Makes the map outlive the process under a path of the BPF file system. */
  pin(path: string): void
}
