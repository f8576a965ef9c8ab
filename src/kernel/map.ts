import { disposeAll, type SkepError, undoAll } from "../base/index.ts"
import { mapTypes } from "../isa/index.ts"
import {
  type EventOptions,
  type EventReader,
  keyExists,
  type LoadedMap,
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
import * as bpf from "./bpf/index.ts"
import { KernelEventReader } from "./events/reader.ts"
import { openSender } from "./events/userRing.ts"
import { callFailed, possibleCpus } from "./host/index.ts"
import { KernelMapReader, type ReadMap } from "./mapReader.ts"
import { pinAt } from "./pin.ts"
import * as raw from "./raw/index.ts"
import { lastingView, mapMemory } from "./sharedMemory.ts"

/** Whether a map has a value for every CPU. */
export function isPerCpu(type: string): boolean {
  return type.includes("percpu")
}

/** A map of the kernel, by its descriptor. */
export class KernelMap extends ManyElements implements LoadedMap, ReadMap {
  readonly name: string
  readonly spec: MapSpec
  readonly type: string
  readonly keySize: number
  readonly valueSize: number
  readonly copies: number
  readonly maxEntries: number
  #fd: number
  // Buffers for one key, the next key and one value, with their addresses: element calls allocate nothing.
  readonly #key: Uint8Array
  readonly #next: Uint8Array
  readonly #value: Uint8Array
  readonly #keyAddress: number
  readonly #nextAddress: number
  readonly #valueAddress: number
  /** False once the kernel has refused a batch command for this map. */
  batches = true
  #memory: SharedMemory | undefined
  #sender: RecordSender | undefined
  #arena: { readonly address: number; readonly length: number } | undefined
  readonly #makeInner: (() => KernelMap) | undefined
  readonly #closers: (() => void)[] = []
  /** Inner maps that were opened or made here. */
  readonly #inner = new Set<KernelMap>()
  readonly #readers = new Set<KernelEventReader>()

  /**
   * `maxEntries` is the number the kernel knows, where the spec left it open. The map owns the descriptor from now on.
   * `makeInner` makes a map like those that this map of maps holds.
   */
  constructor(spec: MapSpec, fd: number, maxEntries = spec.maxEntries, makeInner?: () => KernelMap) {
    super()
    this.name = spec.name
    this.spec = spec
    this.type = spec.type
    this.keySize = spec.keySize
    this.copies = isPerCpu(spec.type) ? possibleCpus() : 1
    this.valueSize = isPerCpu(spec.type) ? ((spec.valueSize + 7) & ~7) * this.copies : spec.valueSize
    this.maxEntries = maxEntries
    this.#fd = fd
    this.#makeInner = makeInner
    this.#key = new Uint8Array(Math.max(this.keySize, 1))
    this.#next = new Uint8Array(Math.max(this.keySize, 1))
    this.#value = new Uint8Array(Math.max(this.valueSize, 1))
    const { address } = raw.sys()
    this.#keyAddress = this.keySize === 0 ? 0 : address(this.#key)
    this.#nextAddress = address(this.#next)
    this.#valueAddress = address(this.#value)
  }

  get fd(): number {
    if (this.#fd < 0) throw mapClosed(this)
    return this.#fd
  }

  lookup(key: Uint8Array): Uint8Array | undefined {
    return this.#lookup(key) ? this.#value.slice(0, this.valueSize) : undefined
  }

  lookupInto(key: Uint8Array, value: Uint8Array): boolean {
    if (value.length !== this.valueSize) throw wrongSize(this, "value", this.valueSize, value.length)
    if (!this.#lookup(key)) return false
    value.set(this.#value)
    return true
  }

  #lookup(key: Uint8Array): boolean {
    this.#setKey(key)
    const result = bpf.mapElement(bpf.BPF_MAP_LOOKUP_ELEM, this.fd, this.#keyAddress, this.#valueAddress, 0)
    if (result >= 0) return true
    if (result === -raw.ENOENT) return false
    throw this.#failed("lookup", -result)
  }

  update(key: Uint8Array, value: Uint8Array, mode: UpdateMode = "any"): void {
    this.#setKey(key)
    this.#setValue(value)
    this.#update(mode)
  }

  #update(mode: UpdateMode): void {
    const flags = UPDATE_FLAGS[mode]
    const result = bpf.mapElement(bpf.BPF_MAP_UPDATE_ELEM, this.fd, this.#keyAddress, this.#valueAddress, flags)
    if (result < 0) throw this.#failed("update", -result)
  }

  delete(key: Uint8Array): boolean {
    this.#setKey(key)
    const result = bpf.mapElement(bpf.BPF_MAP_DELETE_ELEM, this.fd, this.#keyAddress, 0, 0)
    if (result >= 0) return true
    if (result === -raw.ENOENT) return false
    if (result !== -raw.EINVAL || !this.type.endsWith("array")) throw this.#failed("delete", -result)
    // The kernel cannot delete from an array; zero is what an element was in the beginning.
    if (!this.#lookup(key)) return false
    this.#value.fill(0)
    this.#update("any")
    return true
  }

  lookupAndDelete(key: Uint8Array): Uint8Array | undefined {
    this.#setKey(key)
    const command = bpf.BPF_MAP_LOOKUP_AND_DELETE_ELEM
    const result = bpf.mapElement(command, this.fd, this.#keyAddress, this.#valueAddress, 0)
    if (result >= 0) return this.#value.slice(0, this.valueSize)
    if (result === -raw.ENOENT) return undefined
    if (result !== -raw.ENOTSUPP && result !== -raw.EINVAL) throw this.#failed("lookup and delete", -result)
    const value = this.lookup(key)
    if (value !== undefined) this.delete(key)
    return value
  }

  push(value: Uint8Array, mode: UpdateMode = "any"): void {
    if (this.keySize !== 0) throw unsupported(this, "push")
    this.#setValue(value)
    this.#update(mode)
  }

  nextKey(key?: Uint8Array): Uint8Array | undefined {
    if (key !== undefined) this.#setKey(key)
    return this.#nextKey(key === undefined ? 0 : this.#keyAddress)
  }

  #nextKey(after: number): Uint8Array | undefined {
    const result = bpf.mapElement(bpf.BPF_MAP_GET_NEXT_KEY, this.fd, after, this.#nextAddress, 0)
    if (result >= 0) return this.#next.slice(0, this.keySize)
    if (result === -raw.ENOENT) return undefined
    throw this.#failed("next key", -result)
  }

  read(options: ReadOptions = {}): MapReader {
    return new KernelMapReader(this, options)
  }

  readAll(options: ReadOptions = {}): PackedEntries & { readonly restarts: number } {
    const reader = new KernelMapReader(this, options)
    const all = reader.all()
    return { ...all, restarts: reader.restarts }
  }

  protected override updateEach({ count, keys, values }: PackedEntries, mode: UpdateMode): void {
    const { keySize, valueSize } = this
    let done = 0
    if (this.batches && count > 1) {
      const answer = bpf.mapBatch(bpf.BPF_MAP_UPDATE_BATCH, {
        fd: this.fd,
        keys,
        values,
        count,
        elementFlags: UPDATE_FLAGS[mode],
      })
      if (answer.result >= 0) return
      // The rest goes one by one, which also says what is wrong with the element the kernel stopped at. A kernel
      // without the command leaves the count alone.
      if (answer.count < count) done = answer.count
    }
    for (; done < count; done++) {
      const value = values.subarray(done * valueSize, (done + 1) * valueSize)
      this.update(keys.subarray(done * keySize, (done + 1) * keySize), value, mode)
    }
  }

  deleteMany(keys: readonly Uint8Array[]): number {
    let deleted = 0
    let at = 0
    while (this.batches && at < keys.length) {
      const batch = { fd: this.fd, keys: this.pack("key", keys.slice(at)), count: keys.length - at }
      const { result, count } = bpf.mapBatch(bpf.BPF_MAP_DELETE_BATCH, batch)
      if (result >= 0) return deleted + count
      if (result !== -raw.ENOENT) break
      // The kernel stops at the first key that is not there: go on behind it.
      deleted += count
      at += count + 1
    }
    for (; at < keys.length; at++) if (this.delete(keys[at])) deleted++
    return deleted
  }

  contains(value: Uint8Array): boolean {
    if (this.type !== "bloom_filter") throw unsupported(this, "asking for a value")
    this.#setValue(value)
    const result = bpf.mapElement(bpf.BPF_MAP_LOOKUP_ELEM, this.fd, 0, this.#valueAddress, 0)
    if (result >= 0) return true
    if (result === -raw.ENOENT) return false
    throw this.#failed("lookup", -result)
  }

  memory(): SharedMemory | undefined {
    const { fd } = this
    if (this.#memory === undefined && this.#arena !== undefined) {
      const { address, length } = this.#arena
      this.#memory = { bytes: lastingView(address, length), stride: length / this.maxEntries, writable: true }
    }
    this.#memory ??= mapMemory(this, fd)
    return this.#memory
  }

  /** Memory of an arena that is mapped already. It goes back when the map is closed, or with the last view of it. */
  adoptMemory(address: number, length: number): void {
    this.#arena = { address, length }
    const { call, numbers } = raw.sys()
    this.onClose(() => {
      if (this.#memory === undefined) call(numbers.munmap, address, length)
    })
  }

  makeInner(): LoadedMap {
    if (this.#makeInner === undefined) throw unsupported(this, "making an inner map")
    return this.#hold(this.#makeInner())
  }

  openInner(key: Uint8Array): LoadedMap | undefined {
    const { spec } = this
    if (!this.type.endsWith("_of_maps")) throw unsupported(this, "opening an inner map")
    const value = this.lookup(key)
    if (value === undefined) return undefined
    // User space reads a map's id where a program finds the map.
    const fd = bpf.fdById("map", new DataView(value.buffer).getUint32(0, true))
    if (fd === -raw.ENOENT) return undefined
    if (fd < 0) throw callFailed(`opening a map that ${this.name} holds`, -fd)
    return this.#hold(openMap(fd, { ...(spec.innerSpec ?? spec), name: `${this.name}[]` }))
  }

  events(options: EventOptions = {}): EventReader {
    const reader = new KernelEventReader(this, options, closed => this.#readers.delete(closed))
    this.#readers.add(reader)
    return reader
  }

  sender(): RecordSender {
    if (this.type !== "user_ringbuf") throw unsupported(this, "sending records")
    this.#sender ??= openSender(this.fd, this.maxEntries, `opening user ring buffer ${this.name}`)
    return this.#sender
  }

  freeze(): void {
    const result = bpf.mapFreeze(this.fd)
    if (result < 0) throw callFailed(`freezing map ${this.name}`, -result, { hint: "it needs Linux 5.2" })
  }

  pin(path: string): void {
    pinAt(this.fd, `map ${this.name}`, path)
  }

  /** Closes an inner map with this one, where nobody did before. */
  #hold(inner: KernelMap): KernelMap {
    this.#inner.add(inner)
    inner.onClose(() => this.#inner.delete(inner))
    return inner
  }

  /** Calls `close` when the map is closed. */
  onClose(close: () => void): void {
    this.#closers.push(close)
  }

  [Symbol.dispose](): void {
    if (this.#fd < 0) return
    try {
      disposeAll([...this.#readers, ...this.#inner])
      undoAll(this.#closers)
    } finally {
      raw.closeFd(this.#fd)
      this.#fd = -1
    }
  }

  #setKey(key: Uint8Array): void {
    if (key.length !== this.keySize) throw wrongSize(this, "key", this.keySize, key.length)
    this.#key.set(key)
  }

  #setValue(value: Uint8Array): void {
    if (value.length !== this.valueSize) throw wrongSize(this, "value", this.valueSize, value.length)
    this.#value.set(value)
  }

  #failed(operation: string, errno: number): SkepError {
    if (errno === raw.E2BIG) return mapFull(this, errno)
    if (errno === raw.EEXIST) return keyExists(this)
    if (errno === raw.ENOENT) return noKey(this)
    if (errno === raw.ENOTSUPP || errno === raw.EOPNOTSUPP || errno === raw.EINVAL) {
      return unsupported(this, operation, errno)
    }
    if (errno === raw.EPERM) {
      return callFailed(`${operation} of map ${this.name}`, errno, {
        code: "KERNEL_MAP_READ_ONLY",
        why: "the map is frozen, or was made with a flag that forbids this to user space",
      })
    }
    return callFailed(`${operation} of map ${this.name}`, errno)
  }
}

/**
 * A map by a descriptor, with the shape that the kernel tells (`struct bpf_map_info { u32 type, id, key_size, value_size,
 * max_entries, map_flags; … }`); name and types of key and value are those of `like`. It owns the descriptor from now on.
 */
export function openMap(fd: number, like: MapSpec): KernelMap {
  const info = new Uint8Array(80)
  const result = bpf.objInfo(fd, info)
  if (result < 0) {
    raw.closeFd(fd)
    throw callFailed(`asking what map ${like.name} is`, -result)
  }
  const [type, , keySize, valueSize, maxEntries, flags] = new Uint32Array(info.buffer)
  const same = keySize === like.keySize && valueSize === like.valueSize
  const types = same ? {} : { keyType: 0, valueType: 0 }
  return new KernelMap(
    { ...like, ...types, type: mapTypes.name(type) ?? "unspec", keySize, valueSize, maxEntries, flags },
    fd,
  )
}
