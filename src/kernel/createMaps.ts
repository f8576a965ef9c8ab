import { SkepError } from "../base/index.ts"
import { mapTypes } from "../isa/index.ts"
import type { LoadedMap } from "../machine/index.ts"
import type { BpfObject, MapSpec } from "../object/index.ts"
import * as bpf from "./bpf/index.ts"
import { callFailed, isPermission, pageSize, permissionError, possibleCpus, raiseMemlock } from "./host/index.ts"
import { KernelMap } from "./map.ts"
import { openPinned, pinPath } from "./pins.ts"
import { E2BIG, EINVAL, ENOTSUPP } from "./raw/index.ts"

/** Where maps go: those made here belong to the object, `given` ones to the caller. */
export interface MapSet {
  readonly all: Map<string, LoadedMap>
  readonly own: KernelMap[]
}

/** Makes the maps of an object into `set`, inner maps before the maps that hold them. */
export function createMaps(
  object: BpfObject,
  set: MapSet,
  given: ReadonlyMap<string, LoadedMap> | undefined,
  btfFd: () => number | undefined,
): void {
  const specs = new Map(object.maps.map(spec => [spec.name, spec]))
  const make = (spec: MapSpec): LoadedMap => {
    const known = set.all.get(spec.name) ?? given?.get(spec.name)
    if (known !== undefined) {
      set.all.set(spec.name, known)
      return known
    }
    const map = makeMap(spec, spec.inner === undefined ? undefined : innerFd(spec, specs, make), btfFd)
    set.all.set(spec.name, map)
    set.own.push(map)
    fill(map, spec)
    return map
  }
  for (const spec of object.maps) make(spec)
}

function innerFd(spec: MapSpec, specs: ReadonlyMap<string, MapSpec>, make: (spec: MapSpec) => LoadedMap): number {
  const inner = specs.get(spec.inner as string)
  if (inner === undefined || inner.inner !== undefined) {
    throw new SkepError({
      code: "KERNEL_BAD_OBJECT",
      message: `map ${spec.name} holds maps like ${spec.inner}, which ${inner === undefined ? "does not exist" : "holds maps itself"}`,
      hint: "define the inner map in the same program; maps nest one deep",
    })
  }
  return make(inner).fd
}

function makeMap(spec: MapSpec, inner: number | undefined, btfFd: () => number | undefined): KernelMap {
  const type = mapTypes.number(spec.type)
  if (type === undefined) {
    throw new SkepError({
      code: "KERNEL_MAP_TYPE",
      message: `map ${spec.name} has the type ${spec.type}, which is none of the kernel's`,
      hint: "use a type of enum bpf_map_type: hash, array, perf_event_array, ringbuf, …",
    })
  }
  if (spec.pin !== undefined) {
    const pinned = openPinned(spec, type)
    if (pinned !== undefined) return pinned
  }
  const maxEntries = spec.maxEntries === 0 && spec.type === "perf_event_array" ? possibleCpus() : spec.maxEntries
  const create = {
    type,
    keySize: spec.keySize,
    valueSize: spec.valueSize,
    maxEntries,
    flags: spec.flags,
    name: bpf.objectName(spec.name),
    innerFd: inner,
  }
  let fd = -1
  if (spec.keyType !== 0 || spec.valueType !== 0) {
    const btf = btfFd()
    if (btf !== undefined) {
      fd = bpf.mapCreate({ ...create, btfFd: btf, btfKeyType: spec.keyType, btfValueType: spec.valueType })
    }
  }
  // Many map types take no type information, and old kernels none at all: what the map holds is the same without.
  if (fd < 0) fd = bpf.mapCreate(create)
  if (isPermission(-fd) && raiseMemlock()) fd = bpf.mapCreate(create)
  if (fd < 0) throw createFailed(spec, maxEntries, -fd)
  const map = new KernelMap(spec, fd, maxEntries)
  if (spec.pin === undefined) return map
  try {
    map.pin(pinPath(spec.pin))
    return map
  } catch (error) {
    map[Symbol.dispose]()
    throw error
  }
}

/** Global data: its content, and no more writes to what the program only reads. */
function fill(map: KernelMap, spec: MapSpec): void {
  if (spec.data !== undefined) {
    const value = new Uint8Array(map.valueSize)
    value.set(spec.data.subarray(0, value.length))
    map.update(new Uint8Array(map.keySize), value)
  }
  if (spec.frozen) map.freeze()
}

function createFailed(spec: MapSpec, maxEntries: number, errno: number): SkepError {
  const what = `making map ${spec.name} (${spec.type}, ${maxEntries} entries)`
  if (isPermission(errno)) return permissionError(what, errno, ["CAP_BPF"])
  if (errno === EINVAL || errno === ENOTSUPP || errno === E2BIG) {
    const since = mapTypes.since(spec.type)
    return callFailed(what, errno, {
      code: "KERNEL_MAP_REFUSED",
      why: `a key of ${spec.keySize} bytes, a value of ${spec.valueSize} bytes, flags 0x${spec.flags.toString(16)}`,
      hint: refusedHint(spec, maxEntries) ?? (since && `maps of this type came with Linux ${since}`),
    })
  }
  return callFailed(what, errno, { hint: "a map this large may not fit into memory: make it smaller" })
}

/** The rules that are broken most often. */
function refusedHint(spec: MapSpec, maxEntries: number): string | undefined {
  if (spec.type.endsWith("ringbuf")) {
    const pages = maxEntries / pageSize()
    if (!Number.isInteger(Math.log2(pages))) return "a ring buffer's size is a power of two, and whole pages"
    if (spec.keySize !== 0 || spec.valueSize !== 0) return "a ring buffer has neither keys nor values"
  }
  if (maxEntries === 0) return "a map has at least one entry"
  if (spec.type.endsWith("array") && spec.keySize !== 4) return "the key of an array is a 4-byte index"
  if (spec.type === "lpm_trie" && (spec.flags & 1) === 0) return "a prefix tree needs the flag BPF_F_NO_PREALLOC"
  if (spec.keySize > 512) return "a key of a hash has at most 512 bytes"
  return undefined
}
