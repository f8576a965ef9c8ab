import { mapTypes } from "../../isa/index.ts"
import type { MapSpec } from "../../object/index.ts"
import type { Core } from "../core.ts"
import { EINVAL, ENOTSUPP } from "../errno.ts"
import type { Memory } from "../memory.ts"
import * as at from "./descriptor.ts"
import type { SpecialField } from "./special.ts"

/** An update replaces or makes an element. */
export const BPF_ANY = 0
/** It only makes one. */
export const BPF_NOEXIST = 1
/** It only replaces one. */
export const BPF_EXIST = 2
/** It is under the value's spin lock. */
export const BPF_F_LOCK = 4

/**
 * A map. Keys and values are handed over by their addresses in linear memory; what has no such operation returns −EINVAL or −ENOTSUPP, as the kernel
 * does. What programs see of an operation and what processes see differs for maps of maps and per-CPU maps only: `read` and `write` are for processes.
 */
export abstract class VmMap {
  readonly kind = "map"
  readonly core: Core
  readonly memory: Memory
  readonly spec: MapSpec
  readonly name: string
  readonly type: string
  readonly keySize: number
  /** Bytes of one value. */
  readonly valueSize: number
  readonly maxEntries: number
  /** Values that a key has: one for every CPU, or 1. */
  readonly copies: number = 1
  /** Bytes that a process reads and writes as a value: those of all copies, each rounded up to 8. */
  get wholeSize(): number {
    return this.copies === 1 ? this.valueSize : ((this.valueSize + 7) & ~7) * this.copies
  }
  /** Where programs have it. */
  readonly address: number
  readonly handle: number
  /** Bytes of values that are the machine's, in order. */
  special: readonly SpecialField[] = []
  /** Processes may not write it any more. */
  frozen = false
  #references = 1
  /** Where {@link target} puts its key; 0 until it has been asked. */
  #targetKey = 0

  constructor(core: Core, spec: MapSpec) {
    this.core = core
    this.memory = core.memory
    this.spec = spec
    this.name = spec.name
    this.type = spec.type
    this.keySize = spec.keySize
    this.valueSize = spec.valueSize
    this.maxEntries = spec.maxEntries
    this.handle = core.open(this)
    this.address = this.memory.allocate(at.DESCRIPTOR_BYTES, `map ${spec.name}`, { access: "none" })
    this.set(at.MAP_HANDLE, this.handle)
    this.set(at.MAP_TYPE, mapTypes.number(spec.type) ?? 0)
    this.set(at.MAP_KEY_SIZE, spec.keySize)
    this.set(at.MAP_VALUE_SIZE, spec.valueSize)
    this.set(at.MAP_MAX_ENTRIES, spec.maxEntries)
    this.set(at.MAP_FLAGS, spec.flags)
    core.placeMap(this)
  }

  /** Whether an update with such flags is refused (EINVAL): they are unknown, contradict each other, or want a lock that values do not have. */
  protected refuses(flags: number): boolean {
    return (flags & ~BPF_F_LOCK) > BPF_EXIST || this.lacksLock(flags)
  }

  /** Whether flags want a lock that values do not have. */
  protected lacksLock(flags: number): boolean {
    return (flags & BPF_F_LOCK) !== 0 && !this.special.some(({ type }) => type === "bpf_spin_lock")
  }

  /** Puts a value in the place of another, all but its special fields. */
  protected store(to: number, value: number): void {
    const { u8 } = this.memory
    let done = 0
    for (const { offset, size } of this.special) {
      u8.copyWithin(to + done, value + done, value + offset)
      done = offset + size
    }
    u8.copyWithin(to + done, value + done, value + this.valueSize)
  }

  /** A word of the descriptor. */
  protected get(offset: number): number {
    return this.memory.i32[(this.address + offset) >> 2]
  }
  protected set(offset: number, word: number): void {
    this.memory.i32[(this.address + offset) >> 2] = word
  }

  /** Address of the value of a key, for a CPU; 0 where there is none. */
  lookup(_key: number, _cpu: number): number {
    return 0
  }
  /** Makes or replaces an element with a value of one CPU: 0, or −errno. */
  update(_key: number, _value: number, _flags: number, _cpu: number): number {
    return -EINVAL
  }
  /** Removes an element: 0, or −errno. */
  delete(_key: number): number {
    return -EINVAL
  }
  /** Adds a value: 0, or −errno. */
  push(_value: number, _flags: number): number {
    return -EINVAL
  }
  /** Takes a value out into `value`: 0, or −errno. */
  pop(_value: number): number {
    return -EINVAL
  }
  /** Copies the next value to `value`: 0, or −errno. */
  peek(_value: number): number {
    return -EINVAL
  }
  /** The element in whose value an address lies: where that value begins, and the key; undefined where there is none. */
  elementWith(_address: number): { readonly value: number; readonly key: Uint8Array } | undefined {
    return undefined
  }
  /** Puts the key behind `key`, or the first one (`key` 0), to `next`: 0, −ENOENT at the end, or −errno. */
  nextKey(_key: number, _next: number): number {
    return -ENOTSUPP
  }
  /** What a process reads: all copies of the value of a key, to `value`. 0, or −errno. */
  read(_key: number, _value: number): number {
    return -ENOTSUPP
  }
  /** What a process writes: all copies of a value. 0, or −errno. */
  write(key: number, value: number, flags: number): number {
    return this.update(key, value, flags, 0)
  }
  /** What a process reads and removes. 0, or −errno. */
  take(_key: number, _value: number): number {
    return -ENOTSUPP
  }

  /** What a key of 4 bytes stands for in a table of devices, CPUs, sockets or control groups: the number that its value begins with; 0 for nothing. */
  target(key: number): number {
    const { memory } = this
    this.#targetKey ||= memory.allocate(4, "a key", { access: "none" })
    memory.view.setUint32(this.#targetKey, key, true)
    const value = this.lookup(this.#targetKey, 0)
    return value === 0 ? 0 : memory.view.getUint32(value, true)
  }

  /** As {@link target}, with the number behind it: the program that runs there; 0 for none. */
  targetPair(key: number): readonly [target: number, program: number] {
    const { memory } = this
    const target = this.target(key)
    if (target === 0 || this.valueSize < 8) return [target, 0]
    return [target, memory.view.getUint32(this.lookup(this.#targetKey, 0) + 4, true)]
  }

  /** The keys of 4 bytes that stand for something. */
  targets(): number[] {
    const { memory } = this
    const next = memory.allocate(4, "a key", { access: "none" })
    const keys: number[] = []
    try {
      for (let from = 0; this.nextKey(from, next) === 0; from = next) keys.push(memory.view.getUint32(next, true))
    } finally {
      memory.free(next)
    }
    return keys.filter(key => this.target(key) !== 0)
  }

  /** Somebody else holds the map from now on. */
  retain(): void {
    this.#references++
  }
  /** Whoever held it does not any more; it goes with the last. */
  release(): void {
    if (--this.#references > 0) return
    this.core.close(this.handle)
    this.core.removeMap(this)
    this.dispose()
    if (this.#targetKey !== 0) this.memory.free(this.#targetKey)
    this.memory.free(this.address)
  }
  /** Gives its memory back. */
  protected dispose(): void {}
}
