import { disposeAll, SkepError } from "../base/index.ts"
import {
  type EventOptions,
  type EventReader,
  keyExists,
  type LoadedMap,
  type MachineSymbols,
  ManyElements,
  type MapReader,
  mapClosed,
  mapFull,
  noKey,
  type PackedEntries,
  type ReadOptions,
  type RecordSender,
  type SharedMemory,
  UPDATE_FLAGS,
  type UpdateMode,
  unsupported,
  wrongSize,
} from "../machine/index.ts"
import type { MapSpec } from "../object/index.ts"
import * as e from "./errno.ts"
import { VmEventReader } from "./eventReader.ts"
import { VmMapReader } from "./mapReader.ts"
import { ARENA_PAGE, ArenaMap } from "./maps/arena.ts"
import { ArrayMap } from "./maps/array.ts"
import { createMap } from "./maps/create.ts"
import { VmMap } from "./maps/map.ts"
import { UserRingbufMap } from "./maps/userRingbuf.ts"

const BPF_F_MMAPABLE = 1 << 10
const BPF_F_RDONLY = 1 << 3
const BPF_F_WRONLY = 1 << 4

/** A map of the embedded machine as processes see it. */
export class VmLoadedMap extends ManyElements implements LoadedMap {
  readonly name: string
  readonly spec: MapSpec
  readonly type: string
  readonly keySize: number
  readonly valueSize: number
  readonly copies: number
  readonly maxEntries: number
  readonly #map: VmMap
  /** Memory for a key, the next key and a value: what the map takes are addresses. */
  readonly #key: number
  readonly #next: number
  readonly #value: number
  #open = true
  #memory: SharedMemory | undefined
  readonly #inner = new Set<VmLoadedMap>()
  readonly #readers = new Set<VmEventReader>()
  readonly #closed: (map: VmLoadedMap) => void

  get symbols(): MachineSymbols | undefined {
    return this.#map.core.environment.symbols
  }

  /** It holds the map until it is disposed. */
  constructor(map: VmMap, spec: MapSpec = map.spec, closed: (map: VmLoadedMap) => void = () => {}) {
    super()
    this.#map = map
    this.#closed = closed
    this.name = spec.name
    this.spec = spec
    this.type = map.type
    this.keySize = map.keySize
    this.valueSize = map.wholeSize
    this.copies = map.copies
    this.maxEntries = map.maxEntries
    const own = { access: "none" } as const
    this.#key = map.memory.allocate(this.keySize, `a key of map ${spec.name}`, own)
    this.#next = map.memory.allocate(this.keySize, `a key of map ${spec.name}`, own)
    this.#value = map.memory.allocate(this.valueSize, `a value of map ${spec.name}`, own)
  }

  /** The map itself. @throws SkepError MACHINE_CLOSED */
  get map(): VmMap {
    if (!this.#open) throw mapClosed(this)
    return this.#map
  }

  get fd(): number {
    return this.map.handle
  }

  lookup(key: Uint8Array): Uint8Array | undefined {
    return this.#read(key) ? this.#map.memory.copy(this.#value, this.valueSize) : undefined
  }

  lookupInto(key: Uint8Array, value: Uint8Array): boolean {
    if (value.length !== this.valueSize) throw wrongSize(this, "value", this.valueSize, value.length)
    if (!this.#read(key)) return false
    value.set(this.#map.memory.bytes(this.#value, this.valueSize))
    return true
  }

  #read(key: Uint8Array): boolean {
    this.#mayRead()
    this.#setKey(key)
    if (!this.#there("lookup", this.map.read(this.#key, this.#value))) return false
    const { special, memory } = this.#map
    for (const { offset, size } of special) {
      memory.u8.fill(0, this.#value + offset, this.#value + offset + size)
    }
    return true
  }

  update(key: Uint8Array, value: Uint8Array, mode: UpdateMode = "any"): void {
    this.#mayWrite("update")
    this.#setKey(key)
    this.#setValue(value)
    this.#check("update", this.map.write(this.#key, this.#value, UPDATE_FLAGS[mode]))
  }

  delete(key: Uint8Array): boolean {
    this.#mayWrite("delete")
    this.#setKey(key)
    const result = this.map.delete(this.#key)
    if (result !== -e.EINVAL || !this.type.endsWith("array")) return this.#there("delete", result)
    // Nothing can be deleted from an array; zero is what an element was in the beginning.
    if (!this.#there("lookup", this.#map.read(this.#key, this.#value))) return false
    this.#map.memory.u8.fill(0, this.#value, this.#value + this.valueSize)
    this.#check("update", this.#map.write(this.#key, this.#value, 0))
    return true
  }

  lookupAndDelete(key: Uint8Array): Uint8Array | undefined {
    this.#mayWrite("lookup and delete")
    this.#setKey(key)
    const result = this.map.take(this.#key, this.#value)
    if (result === -e.ENOTSUPP) {
      const value = this.lookup(key)
      if (value !== undefined) this.delete(key)
      return value
    }
    return this.#there("lookup and delete", result) ? this.#map.memory.copy(this.#value, this.valueSize) : undefined
  }

  push(value: Uint8Array, mode: UpdateMode = "any"): void {
    if (this.keySize !== 0) throw unsupported(this, "push")
    this.#mayWrite("push")
    this.#setValue(value)
    this.#check("update", this.map.write(this.#key, this.#value, UPDATE_FLAGS[mode]))
  }

  nextKey(key?: Uint8Array): Uint8Array | undefined {
    if (key !== undefined) this.#setKey(key)
    const result = this.map.nextKey(key === undefined ? 0 : this.#key, this.#next)
    return this.#there("next key", result) ? this.#map.memory.copy(this.#next, this.keySize) : undefined
  }

  read(options: ReadOptions = {}): MapReader {
    void this.map
    return new VmMapReader(this, options)
  }

  readAll(options: ReadOptions = {}): PackedEntries & { readonly restarts: number } {
    const reader = this.read(options)
    const parts: PackedEntries[] = []
    for (let part = reader.next(); part !== undefined; part = reader.next()) {
      parts.push({
        count: part.count,
        keys: part.keys.slice(0, part.count * this.keySize),
        values: part.values.slice(0, part.count * this.valueSize),
      })
    }
    const count = parts.reduce((sum, part) => sum + part.count, 0)
    const keys = new Uint8Array(count * this.keySize)
    const values = new Uint8Array(count * this.valueSize)
    let at = 0
    for (const part of parts) {
      keys.set(part.keys, at * this.keySize)
      values.set(part.values, at * this.valueSize)
      at += part.count
    }
    return { count, keys, values, restarts: reader.restarts }
  }

  protected override updateEach({ count, keys, values }: PackedEntries, mode: UpdateMode): void {
    const { keySize, valueSize } = this
    for (let i = 0; i < count; i++) {
      const value = values.subarray(i * valueSize, (i + 1) * valueSize)
      this.update(keys.subarray(i * keySize, (i + 1) * keySize), value, mode)
    }
  }

  deleteMany(keys: readonly Uint8Array[]): number {
    return keys.reduce((deleted, key) => deleted + (this.delete(key) ? 1 : 0), 0)
  }

  contains(value: Uint8Array): boolean {
    if (this.type !== "bloom_filter") throw unsupported(this, "asking for a value")
    this.#setValue(value)
    return this.#there("lookup", this.map.read(this.#key, this.#value))
  }

  memory(): SharedMemory | undefined {
    const { map } = this
    if (map instanceof ArenaMap) this.#memory ??= new Shared(map, map.base, ARENA_PAGE, true)
    else if (map instanceof ArrayMap && map.type === "array" && (map.spec.flags & BPF_F_MMAPABLE) !== 0) {
      this.#memory ??= new Shared(map, map.data, map.stride, !map.frozen)
    }
    return this.#memory
  }

  makeInner(): LoadedMap {
    const inner = this.map.spec.innerSpec
    if (inner === undefined) throw unsupported(this, "making an inner map")
    return this.#hold(createMap(this.#map.core, inner, inner.innerSpec), inner)
  }

  openInner(key: Uint8Array): LoadedMap | undefined {
    const { spec } = this
    if (!this.type.endsWith("_of_maps")) throw unsupported(this, "opening an inner map")
    const value = this.lookup(key)
    if (value === undefined) return undefined
    const inner = this.#map.core.handled(new DataView(value.buffer).getUint32(0, true))
    if (!(inner instanceof VmMap)) return undefined
    inner.retain()
    return this.#hold(inner, { ...inner.spec, name: `${spec.name}[]` })
  }

  #hold(map: VmMap, spec: MapSpec): VmLoadedMap {
    const inner = new VmLoadedMap(map, spec, closed => this.#inner.delete(closed))
    this.#inner.add(inner)
    return inner
  }

  events(options: EventOptions = {}): EventReader {
    const reader = new VmEventReader(this, this.map, options, closed => this.#readers.delete(closed))
    this.#readers.add(reader)
    return reader
  }

  sender(): RecordSender {
    const { map } = this
    if (!(map instanceof UserRingbufMap)) throw unsupported(this, "sending records")
    return map
  }

  freeze(): void {
    this.map.frozen = true
  }

  /** Pins live as long as the machine. */
  pin(path: string): void {
    const { map } = this
    map.core.pins.keep(path, map)
  }

  [Symbol.dispose](): void {
    if (!this.#open) return
    this.#open = false
    const { memory } = this.#map
    disposeAll([...this.#readers, ...this.#inner])
    for (const place of [this.#key, this.#next, this.#value]) memory.free(place)
    this.#map.release()
    this.#closed(this)
  }

  #setKey(key: Uint8Array): void {
    if (key.length !== this.keySize) throw wrongSize(this, "key", this.keySize, key.length)
    if (this.#open) this.#map.memory.u8.set(key, this.#key)
  }

  #setValue(value: Uint8Array): void {
    if (value.length !== this.valueSize) throw wrongSize(this, "value", this.valueSize, value.length)
    if (this.#open) this.#map.memory.u8.set(value, this.#value)
  }

  #mayRead(): void {
    if ((this.map.spec.flags & BPF_F_WRONLY) !== 0) throw this.#forbidden("lookup")
  }

  #mayWrite(operation: string): void {
    const { map } = this
    if (map.frozen || (map.spec.flags & BPF_F_RDONLY) !== 0) throw this.#forbidden(operation)
  }

  #forbidden(operation: string): SkepError {
    return new SkepError({
      code: "VM_MAP_READ_ONLY",
      message: `${operation} of map ${this.name} is not allowed`,
      why: "the map is frozen, or was made with a flag that forbids this to user space",
      errno: e.EPERM,
    })
  }

  /** True for 0, false for −ENOENT. */
  #there(operation: string, result: number): boolean {
    if (result === -e.ENOENT) return false
    this.#check(operation, result)
    return true
  }

  #check(operation: string, result: number): void {
    if (result >= 0) return
    const errno = -result
    if (errno === e.E2BIG || errno === e.ENOSPC) throw mapFull(this, errno)
    if (errno === e.EEXIST) throw keyExists(this)
    if (errno === e.ENOENT) throw noKey(this)
    if (errno === e.EBADF) {
      throw new SkepError({
        code: "VM_BAD_HANDLE",
        message: `the value for map ${this.name} is no handle of a ${HANDLED[this.type] ?? "map"}`,
        hint: "the fd of a map, program or socket of the same machine",
        errno,
      })
    }
    throw unsupported(this, operation, errno)
  }
}

/** What a map holds by handles. */
const HANDLED: Readonly<Record<string, string>> = {
  prog_array: "program",
  sockmap: "socket",
  sockhash: "socket",
  reuseport_sockarray: "socket",
}

/** Memory that programs use, too. The bytes are looked up anew whenever the machine's memory has grown. */
class Shared implements SharedMemory {
  readonly stride: number
  readonly writable: boolean
  readonly #map: VmMap
  readonly #start: number
  #bytes: Uint8Array | undefined

  constructor(map: VmMap, start: number, stride: number, writable: boolean) {
    this.#map = map
    this.#start = start
    this.stride = stride
    this.writable = writable
  }

  get bytes(): Uint8Array {
    const { memory, maxEntries } = this.#map
    if (this.#bytes?.buffer !== memory.u8.buffer) this.#bytes = memory.bytes(this.#start, this.stride * maxEntries)
    return this.#bytes as Uint8Array
  }
}
