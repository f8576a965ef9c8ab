import type { MapSpec } from "../../object/index.ts"
import type { Core } from "../core.ts"
import { E2BIG, EEXIST, EINVAL, ENOENT } from "../errno.ts"
import type { Access } from "../memory.ts"
import * as at from "./descriptor.ts"
import { BPF_EXIST, BPF_F_LOCK, BPF_NOEXIST, VmMap } from "./map.ts"

/** Programs may only read the map. */
export const BPF_F_RDONLY_PROG = 1 << 7

const round8 = (size: number): number => (size + 7) & ~7

/** Arrays, per CPU or not: values one after another, each rounded up to 8 bytes, and one CPU's values after those of another. */
export class ArrayMap extends VmMap {
  override readonly copies: number
  readonly data: number
  readonly stride: number
  readonly #cpuStride: number

  constructor(core: Core, spec: MapSpec, access: Access = "write") {
    super(core, spec)
    this.copies = spec.type === "percpu_array" ? core.environment.cpus : 1
    this.stride = round8(this.valueSize)
    this.#cpuStride = this.copies === 1 ? 0 : this.stride * this.maxEntries
    const bytes = this.stride * this.maxEntries * this.copies
    this.data = this.memory.allocate(bytes, `the values of map ${this.name}`, { access: "none" })
    this.#protect(spec.frozen || (spec.flags & BPF_F_RDONLY_PROG) !== 0 ? "read" : access)
    this.set(at.MAP_DATA, this.data)
    this.set(at.MAP_STRIDE, this.stride)
    this.set(at.MAP_CPU_STRIDE, this.#cpuStride)
  }

  #protect(access: Access): void {
    const count = this.maxEntries * this.copies
    if (this.valueSize === this.stride) this.memory.protect(this.data, this.stride * count, access)
    else for (let i = 0; i < count; i++) this.memory.protect(this.data + i * this.stride, this.valueSize, access)
  }

  override lookup(key: number, cpu: number): number {
    const index = this.memory.view.getUint32(key, true)
    return index < this.maxEntries ? this.data + index * this.stride + cpu * this.#cpuStride : 0
  }

  override update(key: number, value: number, flags: number, cpu: number): number {
    const to = this.lookup(key, cpu)
    const wrong = this.#wrong(to, flags)
    if (wrong !== 0) return wrong
    this.store(to, value)
    return 0
  }

  #wrong(to: number, flags: number): number {
    if ((flags & ~BPF_F_LOCK) > BPF_EXIST) return -EINVAL
    if (to === 0) return -E2BIG
    if ((flags & BPF_NOEXIST) !== 0) return -EEXIST
    return this.lacksLock(flags) ? -EINVAL : 0
  }

  override read(key: number, value: number): number {
    for (let cpu = 0; cpu < this.copies; cpu++) {
      const from = this.lookup(key, cpu)
      if (from === 0) return -ENOENT
      this.memory.u8.copyWithin(value + cpu * this.stride, from, from + this.valueSize)
    }
    return 0
  }

  override write(key: number, value: number, flags: number): number {
    const wrong = this.#wrong(this.lookup(key, 0), flags)
    if (wrong !== 0) return wrong
    for (let cpu = 0; cpu < this.copies; cpu++) this.store(this.lookup(key, cpu), value + cpu * this.stride)
    return 0
  }

  override elementWith(address: number): { readonly value: number; readonly key: Uint8Array } | undefined {
    const index = Math.floor((address - this.data) / this.stride)
    if (address < this.data || index >= this.maxEntries) return undefined
    return { value: this.data + index * this.stride, key: new Uint8Array(Uint32Array.of(index).buffer) }
  }

  override nextKey(key: number, next: number): number {
    const { view } = this.memory
    const index = key === 0 ? -1 : view.getUint32(key, true)
    if (index === this.maxEntries - 1) return -ENOENT
    view.setUint32(next, index >= this.maxEntries ? 0 : index + 1, true)
    return 0
  }

  protected override dispose(): void {
    this.core.timers.forget(this.data, this.stride * this.maxEntries * this.copies)
    this.memory.free(this.data)
  }
}
