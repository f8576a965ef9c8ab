import { SkepError } from "../base/index.ts"
import { mapTypes } from "../isa/index.ts"
import type { LoadedMap } from "../machine/index.ts"
import type { MapSpec } from "../object/index.ts"
import { objInfo } from "./bpf/index.ts"
import { callFailed } from "./host/index.ts"
import { KernelMap } from "./map.ts"
import { closeFd, sys } from "./raw/index.ts"

const F_DUPFD_CLOEXEC = 1030
/** Types whose maps have more than a descriptor: an address in this process, programs. */
const WHOLE = new Set(["arena", "struct_ops"])

/** What a map is that the kernel has, and in what it is another one than a program wants; undefined for the latter where it is the same. */
export interface Shape {
  readonly maxEntries: number
  readonly flags: number
  readonly differs: string | undefined
}

/** `struct bpf_map_info { u32 type, id, key_size, value_size, max_entries, map_flags; … }`. Throws `KERNEL_CALL`. */
export function shapeOf(fd: number, { name, type, keySize, valueSize }: MapSpec): Shape {
  const info = new Uint8Array(80)
  const result = objInfo(fd, info)
  if (result < 0) throw callFailed(`asking what map ${name} is`, -result)
  const [number, , key, value, maxEntries, flags] = new Uint32Array(info.buffer)
  const same = (type === "extern" || number === mapTypes.number(type)) && key === keySize && value === valueSize
  const is = `it has type ${mapTypes.name(number) ?? number}, ${key}-byte keys, ${value}-byte values and ${maxEntries} entries`
  return { maxEntries, flags, differs: same ? undefined : is }
}

/**
 * A map of the caller's as an object sees it: the same map, by a descriptor of its own and with the object's types. `makeInner` makes a map like
 * those that a map of maps holds. Throws `KERNEL_MAP_DIFFERS`, `KERNEL_CALL`.
 */
export function reuseMap(spec: MapSpec, given: LoadedMap, makeInner: (() => KernelMap) | undefined): LoadedMap {
  const { maxEntries, flags, differs } = shapeOf(given.fd, spec)
  if (differs !== undefined) {
    throw new SkepError({
      code: "KERNEL_MAP_DIFFERS",
      message: `the map that is given for ${spec.name} is not the map of this program`,
      why: `${differs}; the program's has type ${spec.type}, ${spec.keySize}-byte keys and ${spec.valueSize}-byte values`,
      hint: "give a map that the other program declares the same way",
    })
  }
  if (WHOLE.has(given.type)) return given
  const { call, numbers } = sys()
  const fd = call(numbers.fcntl, given.fd, F_DUPFD_CLOEXEC, 0)
  if (fd < 0) throw callFailed(`sharing map ${spec.name}`, -fd)
  try {
    return new KernelMap({ ...spec, type: given.type, flags }, fd, maxEntries, makeInner)
  } catch (error) {
    closeFd(fd)
    throw error
  }
}
