import type { MapSpec } from "../../object/index.ts"
import type { Core } from "../core.ts"
import { E2BIG, EINVAL, ENOENT } from "../errno.ts"
import { BPF_EXIST, VmMap } from "./map.ts"

/** Queues and stacks: values in a ring. A full one refuses values, or (BPF_EXIST) drops the oldest. */
export class QueueMap extends VmMap {
  readonly #data: number
  readonly #stride: number
  readonly #isStack: boolean
  /** Place of the oldest value, and the number of values. */
  #first = 0
  #count = 0

  constructor(core: Core, spec: MapSpec) {
    super(core, spec)
    this.#isStack = spec.type === "stack"
    this.#stride = (this.valueSize + 7) & ~7
    this.#data = this.memory.allocate(this.#stride * this.maxEntries, `the values of map ${this.name}`, {
      access: "none",
    })
  }

  #at(place: number): number {
    return this.#data + ((this.#first + place) % this.maxEntries) * this.#stride
  }

  override push(value: number, flags: number): number {
    if (flags !== 0 && flags !== BPF_EXIST) return -EINVAL
    if (this.#count === this.maxEntries) {
      if (flags !== BPF_EXIST) return -E2BIG
      this.#drop(0)
    }
    this.store(this.#at(this.#count++), value)
    return 0
  }

  override peek(value: number): number {
    if (this.#count === 0) {
      this.memory.u8.fill(0, value, value + this.valueSize)
      return -ENOENT
    }
    const from = this.#at(this.#next())
    this.memory.u8.copyWithin(value, from, from + this.valueSize)
    return 0
  }

  override pop(value: number): number {
    const result = this.peek(value)
    if (result === 0) this.#drop(this.#next())
    return result
  }

  /** Which value comes next, counted from the oldest. */
  #next(): number {
    return this.#isStack ? this.#count - 1 : 0
  }

  #drop(place: number): void {
    if (place === 0) this.#first = (this.#first + 1) % this.maxEntries
    this.#count--
  }

  override read(_key: number, value: number): number {
    return this.peek(value)
  }
  override take(_key: number, value: number): number {
    return this.pop(value)
  }
  override write(_key: number, value: number, flags: number): number {
    return this.push(value, flags)
  }

  protected override dispose(): void {
    this.memory.free(this.#data)
  }
}
