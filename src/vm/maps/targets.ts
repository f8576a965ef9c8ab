import type { MapSpec } from "../../object/index.ts"
import type { Core } from "../core.ts"
import { EBADF, EINVAL, ENOENT } from "../errno.ts"
import { ArrayMap } from "./array.ts"

/** Types whose elements the machine does not have. */
const FOREIGN = new Set(["xskmap", "cgroup_array"])

/** Tables of targets, of devices and CPUs above all: arrays in which elements are there or not. */
export class TargetMap extends ArrayMap {
  readonly #there: Uint8Array

  constructor(core: Core, spec: MapSpec) {
    super(core, spec)
    this.#there = new Uint8Array(spec.maxEntries)
  }

  #has(key: number): boolean {
    return this.#there[this.memory.view.getUint32(key, true)] === 1
  }

  override lookup(key: number, cpu: number): number {
    return this.#has(key) ? super.lookup(key, cpu) : 0
  }

  override update(): number {
    return -EINVAL
  }

  /** A device (`struct bpf_devmap_val`) or the length of a CPU's queue; 0 takes the element away. */
  override write(key: number, value: number, flags: number): number {
    if (FOREIGN.has(this.type)) return -EBADF
    const { view } = this.memory
    const index = view.getUint32(key, true)
    if (index >= this.maxEntries) return super.write(key, value, flags)
    const target = view.getUint32(value, true)
    if (this.type === "devmap" && target !== 0 && this.core.environment.network.device(target) === undefined) {
      return -EINVAL
    }
    this.#there[index] = target === 0 ? 0 : 1
    this.store(super.lookup(key, 0) || this.data + index * this.stride, value)
    return 0
  }

  override read(key: number, value: number): number {
    return this.#has(key) ? super.read(key, value) : -ENOENT
  }

  override delete(key: number): number {
    if (!this.#has(key)) return -ENOENT
    this.#there[this.memory.view.getUint32(key, true)] = 0
    return 0
  }
}
