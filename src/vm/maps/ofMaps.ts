import type { MapSpec } from "../../object/index.ts"
import type { Core } from "../core.ts"
import { EBADF, EINVAL, ENOENT } from "../errno.ts"
import { ArrayMap } from "./array.ts"
import { HashMap } from "./hash.ts"
import { VmMap } from "./map.ts"

/**
 * Maps of maps. An element is the address of a map in 8 bytes, which is what a program's lookup leads to; processes write a map's handle and read its
 * number, which here is the same.
 */
interface Holder {
  readonly inner: MapSpec
  slot(key: number): number
}

/** The spec of a map whose values are addresses. */
const ofAddresses = (spec: MapSpec): MapSpec => ({ ...spec, valueSize: 8 })

/** Whether a map may be put where maps like `inner` are. Arrays may have another size if they say so (BPF_F_INNER_MAP). */
function fits(inner: MapSpec, map: VmMap): boolean {
  const { spec } = map
  return (
    spec.type === inner.type &&
    spec.keySize === inner.keySize &&
    spec.valueSize === inner.valueSize &&
    spec.flags === inner.flags &&
    (spec.type !== "array" || (inner.flags & BPF_F_INNER_MAP) !== 0 || spec.maxEntries === inner.maxEntries)
  )
}
const BPF_F_INNER_MAP = 1 << 12

function innerMap(core: Core, holder: Holder, value: number): VmMap | number {
  const map = core.handled(core.memory.view.getUint32(value, true))
  if (!(map instanceof VmMap)) return -EBADF
  return fits(holder.inner, map) ? map : -EINVAL
}

/** Lets go of the map whose address stands at a place. */
function releaseAt(core: Core, place: number): void {
  core.mapAt(core.memory.view.getUint32(place, true))?.release()
  core.memory.setU64(place, 0)
}

function readHandle(core: Core, place: number, value: number): number {
  const map = place === 0 ? undefined : core.mapAt(core.memory.view.getUint32(place, true))
  if (map === undefined) return -ENOENT
  core.memory.view.setUint32(value, map.handle, true)
  return 0
}

/** `array_of_maps` */
export class ArrayOfMaps extends ArrayMap implements Holder {
  readonly inner: MapSpec
  readonly #entry: MapSpec
  constructor(core: Core, spec: MapSpec, inner: MapSpec) {
    super(core, ofAddresses(spec), "none")
    this.inner = inner
    this.#entry = spec
  }
  slot(key: number): number {
    return super.lookup(key, 0)
  }
  override get wholeSize(): number {
    return this.#entry.valueSize
  }
  override lookup(key: number): number {
    const place = this.slot(key)
    return place === 0 ? 0 : this.memory.view.getInt32(place, true)
  }
  override update(): number {
    return -EINVAL
  }
  override write(key: number, value: number, flags: number): number {
    if (flags > 2) return -EINVAL
    const place = this.slot(key)
    if (place === 0) return super.write(key, value, flags)
    const map = innerMap(this.core, this, value)
    if (typeof map === "number") return map
    map.retain()
    releaseAt(this.core, place)
    this.memory.setU64(place, map.address)
    return 0
  }
  override read(key: number, value: number): number {
    return readHandle(this.core, this.slot(key), value)
  }
  override delete(key: number): number {
    const place = this.slot(key)
    if (place === 0) return -EINVAL
    if (this.memory.view.getUint32(place, true) === 0) return -ENOENT
    releaseAt(this.core, place)
    return 0
  }
  protected override dispose(): void {
    for (let i = 0; i < this.maxEntries; i++) releaseAt(this.core, this.data + i * this.stride)
    super.dispose()
  }
}

/** `hash_of_maps` */
export class HashOfMaps extends HashMap implements Holder {
  readonly inner: MapSpec
  readonly #entry: MapSpec
  /** Where an address stands before it is put into the map. */
  readonly #address: number
  constructor(core: Core, spec: MapSpec, inner: MapSpec) {
    super(core, ofAddresses(spec))
    this.inner = inner
    this.#entry = spec
    this.#address = this.memory.allocate(8, `the address of a map in ${this.name}`, { access: "none" })
  }
  slot(key: number): number {
    return super.lookup(key, 0)
  }
  override get wholeSize(): number {
    return this.#entry.valueSize
  }
  override lookup(key: number): number {
    const place = this.slot(key)
    return place === 0 ? 0 : this.memory.view.getInt32(place, true)
  }
  override update(): number {
    return -EINVAL
  }
  override write(key: number, value: number, flags: number): number {
    const map = innerMap(this.core, this, value)
    if (typeof map === "number") return map
    const place = this.slot(key)
    const old = place === 0 ? undefined : this.core.mapAt(this.memory.view.getUint32(place, true))
    this.memory.setU64(this.#address, map.address)
    const result = super.update(key, this.#address, flags, 0)
    if (result < 0) return result
    map.retain()
    old?.release()
    return 0
  }
  override read(key: number, value: number): number {
    return readHandle(this.core, this.slot(key), value)
  }
  protected override dropped(value: number): void {
    releaseAt(this.core, value)
  }
  protected override dispose(): void {
    const key = this.memory.allocate(this.keySize, "a key", { access: "none" })
    while (this.nextKey(0, key) === 0) this.delete(key)
    this.memory.free(key)
    this.memory.free(this.#address)
    super.dispose()
  }
}
