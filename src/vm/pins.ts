import type { Refusal } from "./machine.ts"
import type { VmMap } from "./maps/map.ts"

/** Maps by the paths that they are pinned at. They stay for as long as the machine does, which has no BPF file system. */
export class Pins {
  readonly #maps = new Map<string, VmMap>()
  readonly #refusal: Refusal | undefined

  constructor(refusal: Refusal | undefined) {
    this.#refusal = refusal
  }

  /** The map that is pinned there. @throws SkepError where the machine stands for a kernel that this process may not use */
  find(path: string): VmMap | undefined {
    this.#check(path)
    return this.#maps.get(path)
  }

  /** Pins a map. @throws SkepError as find does */
  keep(path: string, map: VmMap): void {
    this.#check(path)
    map.retain()
    this.#maps.set(path, map)
  }

  /** Whoever pins a map means others to find it. */
  #check(path: string): void {
    const refused = this.#refusal?.(`pinning a map at ${path}`)
    if (refused !== undefined) throw refused
  }
}
