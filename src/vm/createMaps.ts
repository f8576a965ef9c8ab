import { disposeAll, SkepError } from "../base/index.ts"
import type { LoadedMap } from "../machine/index.ts"
import type { BpfObject, MapSpec } from "../object/index.ts"
import type { Core } from "./core.ts"
import { VmLoadedMap } from "./loadedMap.ts"
import { createMap } from "./maps/create.ts"
import type { VmMap } from "./maps/map.ts"
import { specialFields } from "./maps/special.ts"

/** Makes the maps of an object. After an error none is left. */
export function createMaps(
  object: BpfObject,
  given: ReadonlyMap<string, LoadedMap> | undefined,
  core: Core,
): ReadonlyMap<string, VmLoadedMap> {
  const maps = new Map<string, VmLoadedMap>()
  try {
    for (const spec of object.maps) {
      if (spec.type === "struct_ops") continue
      const described = withInner(asSection(spec), object)
      maps.set(spec.name, new VmLoadedMap(mapFor(described, given?.get(spec.name), object, core), described))
    }
    for (const spec of object.maps) fill(spec, maps)
  } catch (error) {
    disposeAll(maps.values())
    throw error
  }
  return maps
}

const BPF_F_MMAPABLE = 1 << 10

/** Global data is shared with this process. */
const asSection = (spec: MapSpec): MapSpec =>
  spec.data !== undefined && spec.type === "array" ? { ...spec, flags: spec.flags | BPF_F_MMAPABLE } : spec

/** A spec that tells what the maps in it are like. */
function withInner(spec: MapSpec, object: BpfObject): MapSpec {
  if (spec.inner === undefined) return spec
  const innerSpec = object.maps.find(({ name }) => name === spec.inner)
  if (innerSpec !== undefined && innerSpec.inner === undefined) return { ...spec, innerSpec }
  throw new SkepError({
    code: "KERNEL_BAD_OBJECT",
    message: `map ${spec.name} holds maps like ${spec.inner}, which ${innerSpec === undefined ? "does not exist" : "holds maps itself"}`,
    hint: "define the inner map in the same program; maps nest one deep",
  })
}

function mapFor(spec: MapSpec, given: LoadedMap | undefined, object: BpfObject, core: Core): VmMap {
  if (given !== undefined) return shared(spec, given)
  if (spec.type === "extern") {
    throw new SkepError({
      code: "KERNEL_EXTERN_MAP",
      message: `table ${spec.name} is another program's (extern), and no such map is given`,
      hint: "load the program that has it first (BPF_TABLE_PUBLIC) and hand its map over",
    })
  }
  const pinned = spec.pin === undefined ? undefined : core.pins.find(spec.pin)
  if (pinned !== undefined) return retained(spec, pinned)
  const map = createMap(core, spec, spec.innerSpec)
  map.special = specialFields(spec, object.btf)
  if (spec.pin !== undefined) core.pins.keep(spec.pin, map)
  return map
}

/** Another object's map. @throws SkepError VM_MAP_DIFFERS */
function shared(spec: MapSpec, given: LoadedMap): VmMap {
  if (given instanceof VmLoadedMap) return retained(spec, given.map)
  throw differs(spec, "it is no map of an embedded machine")
}

function retained(spec: MapSpec, map: VmMap): VmMap {
  const same = spec.type === "extern" || map.type === spec.type
  if (!same || map.keySize !== spec.keySize || map.spec.valueSize !== spec.valueSize) {
    const { type, keySize, maxEntries } = map
    throw differs(
      spec,
      `it has type ${type}, ${keySize}-byte keys, ${map.spec.valueSize}-byte values and ${maxEntries} entries`,
    )
  }
  map.retain()
  return map
}

const differs = (spec: MapSpec, is: string): SkepError =>
  new SkepError({
    code: "VM_MAP_DIFFERS",
    message: `the map that is given for ${spec.name} is not the map of this program`,
    why: `${is}; the program's has type ${spec.type}, ${spec.keySize}-byte keys and ${spec.valueSize}-byte values`,
    hint: "give a map that the other program declares the same way",
  })

/** Global data, and maps that stand in maps from the start. */
function fill(spec: MapSpec, maps: ReadonlyMap<string, VmLoadedMap>): void {
  const map = maps.get(spec.name)
  if (map === undefined) return
  if (spec.data !== undefined && spec.type !== "arena") {
    const value = new Uint8Array(map.valueSize)
    value.set(spec.data.subarray(0, value.length))
    if (!map.map.frozen) map.update(new Uint8Array(map.keySize), value)
  }
  if (spec.frozen) map.freeze()
  for (const { index, map: name } of spec.values ?? []) {
    if (name === undefined) continue
    const inner = maps.get(name)
    if (inner === undefined) {
      throw new SkepError({
        code: "KERNEL_BAD_OBJECT",
        message: `map ${spec.name} holds map ${name}, which does not exist`,
        hint: "define the map in the same program",
      })
    }
    const bytes = new Uint8Array(Uint32Array.of(index, inner.fd).buffer)
    map.update(bytes.subarray(0, 4), bytes.subarray(4))
  }
}
