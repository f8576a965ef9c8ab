import type { MapSpec } from "../../object/index.ts"
import type { Core } from "../core.ts"
import { E2BIG, EBADF, EEXIST, EINVAL, ENOENT } from "../errno.ts"
import type { Runnable } from "../run.ts"
import { BPF_ANY, VmMap } from "./map.ts"

/** Arrays of programs, for tail calls. */
export class ProgArrayMap extends VmMap {
  readonly #programs: (Runnable | undefined)[]
  readonly #handles: number[]

  constructor(core: Core, spec: MapSpec) {
    super(core, spec)
    this.#programs = Array(spec.maxEntries).fill(undefined)
    this.#handles = Array(spec.maxEntries).fill(0)
  }

  /** The program at an index. */
  program(index: number): Runnable | undefined {
    return this.#programs[index]
  }

  #index(key: number): number {
    return this.memory.view.getUint32(key, true)
  }

  override write(key: number, value: number, flags: number): number {
    const index = this.#index(key)
    if (flags !== BPF_ANY) return flags === 1 ? -EEXIST : -EINVAL
    if (index >= this.maxEntries) return -E2BIG
    const handle = this.memory.view.getUint32(value, true)
    const program = this.core.handled(handle)
    if (program?.kind !== "program") return program === undefined ? -EBADF : -EINVAL
    this.#programs[index] = program
    this.#handles[index] = handle
    return 0
  }

  override read(key: number, value: number): number {
    const index = this.#index(key)
    if (this.#programs[index] === undefined) return -ENOENT
    this.memory.view.setUint32(value, this.#handles[index], true)
    return 0
  }

  override delete(key: number): number {
    const index = this.#index(key)
    if (index >= this.maxEntries) return -E2BIG
    if (this.#programs[index] === undefined) return -ENOENT
    this.#programs[index] = undefined
    return 0
  }

  override nextKey(key: number, next: number): number {
    const index = key === 0 ? -1 : this.#index(key)
    if (index === this.maxEntries - 1) return -ENOENT
    this.memory.view.setUint32(next, index >= this.maxEntries ? 0 : index + 1, true)
    return 0
  }
}
