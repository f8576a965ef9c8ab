import type { MapSpec } from "../../object/index.ts"
import type { Core } from "../core.ts"
import { EINVAL, ENOENT } from "../errno.ts"
import { VmMap } from "./map.ts"

/** Local storage: a value for each object (task, socket, inode, control group), by the object's address; it goes with the map. */
export class StorageMap extends VmMap {
  readonly #values = new Map<number, number>()

  constructor(core: Core, spec: MapSpec) {
    super(core, spec)
  }

  /** The value of an object, made of `initial` (0: zeros) where there is none and it is wanted; 0 for none. */
  of(object: number, initial: number, create: boolean): number {
    let value = this.#values.get(object)
    if (value === undefined) {
      if (!create) return 0
      value = this.memory.allocate(this.valueSize, `a value of map ${this.name}`)
      if (initial !== 0) this.store(value, initial)
      this.#values.set(object, value)
    }
    return value
  }

  /** Takes the value of an object away: 0, or −errno. */
  forget(object: number): number {
    const value = this.#values.get(object)
    if (value === undefined) return -ENOENT
    this.#values.delete(object)
    this.memory.free(value)
    return 0
  }

  override read(): number {
    return -EINVAL
  }

  protected override dispose(): void {
    for (const value of this.#values.values()) this.memory.free(value)
  }
}
