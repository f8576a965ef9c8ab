import { type Btf, BtfBuilder, type BtfMemberInput, type BtfSectionVar, type BtfType, sizeOf } from "../btf/index.ts"
import { mapTypes } from "../isa/index.ts"
import { elfError } from "./elf.ts"
import type { MapSpec } from "./object.ts"

/** Name of the section, in the file and in BTF, that describes maps. */
export const MAPS_SECTION = ".maps"

/** Name of the section of BTF that lists what the kernel is to provide. */
export const KSYMS_SECTION = ".ksyms"

/** Where maps are pinned that say no more than that they are. */
export const BPFFS = "/sys/fs/bpf/"

/** Starts the name of a typedef of the records of an event stream: `typedef struct data_t __skep_event_NAME`. */
export const EVENT_PREFIX = "__skep_event_"

/** `LIBBPF_PIN_BY_NAME` */
export const PIN_BY_NAME = 1

/** A builder that holds the types below id `end` of a BTF, under the ids they have. */
export function continueBtf(btf: Btf | undefined, end = btf?.count ?? 1): BtfBuilder {
  const builder = new BtfBuilder()
  for (let id = 1; id < end; id++)
    builder.define(builder.reserve(), btf!.type(id) as Exclude<BtfType, { kind: "void" }>)
  return builder
}

/** Lists functions of the kernel that programs call, which the BTF declares already. */
export function describeKfuncs(builder: BtfBuilder, btf: Btf | undefined, names: readonly string[]): void {
  if (names.length === 0 || (btf !== undefined && btf.find(KSYMS_SECTION, "datasec") !== 0)) return
  const vars = names.map(name => {
    const id = btf?.find(name, "func") ?? 0
    if (id === 0) {
      throw elfError(
        "OBJECT_NO_PROTOTYPE",
        `the kernel function ${name} is called, and the object's BTF does not declare it`,
        "declare it extern in the program, with its types",
      )
    }
    return { type: id, offset: 0, size: 0 }
  })
  builder.add({ kind: "datasec", name: KSYMS_SECTION, size: 0, vars })
}

/** Where a map stands in the maps section, in bytes. */
export interface MapPlace {
  readonly name: string
  readonly offset: number
  readonly size: number
}

/**
 * Describes maps as libbpf reads them and gives their places in the section. A map is a variable of a struct that
 * nobody fills in; its members are pointers whose types say what the map is:
 *
 *     struct {
 *       int (*type)[1];            numbers are lengths of arrays
 *       K *key;  V *value;         or int (*key_size)[N], int (*value_size)[N]
 *       int (*max_entries)[10240];
 *       int (*map_flags)[1];  int (*pinning)[1];
 *       struct inner *values[];    maps in maps; the last member
 *     } name SEC(".maps");
 */
export function describeMaps(builder: BtfBuilder, btf: Btf | undefined, maps: readonly MapSpec[]): MapPlace[] {
  if (maps.length === 0) return []
  // First, so that what follows is nothing but the description.
  builder.add({ kind: "int", name: "int", size: 4, signed: true })
  const structs = new Map(maps.map(map => [map.name, builder.reserve()]))
  const places: MapPlace[] = []
  const vars: BtfSectionVar[] = []
  let offset = 0
  for (const map of maps) {
    const struct = structs.get(map.name)!
    const members = membersOf(builder, btf, map, structs)
    const size = members.filter(m => m.name !== "values").length * 8
    builder.define(struct, { kind: "struct", name: "", size, members })
    if (map.eventType) builder.add({ kind: "typedef", name: EVENT_PREFIX + map.name, type: map.eventType })
    const type = builder.add({ kind: "var", name: map.name, type: struct, linkage: "global" })
    vars.push({ type, offset, size })
    places.push({ name: map.name, offset, size })
    offset += size
  }
  builder.add({ kind: "datasec", name: MAPS_SECTION, size: offset, vars })
  return places
}

function membersOf(
  builder: BtfBuilder,
  btf: Btf | undefined,
  map: MapSpec,
  structs: ReadonlyMap<string, number>,
): BtfMemberInput[] {
  const type = mapTypes.number(map.type)
  if (type === undefined) {
    throw elfError("OBJECT_MAP_TYPE", `map ${map.name} has the unknown type ${map.type}`, "see the names in mapTypes")
  }
  const members: BtfMemberInput[] = []
  const member = (name: string, id: number): void => {
    members.push({ name, type: id, bitOffset: members.length * 64 })
  }
  const number = (name: string, value: number): void => {
    if (value === 0) return
    const int = builder.add({ kind: "int", name: "int", size: 4, signed: true })
    const array = builder.add({ kind: "array", type: int, indexType: int, count: value >>> 0 })
    member(name, builder.add({ kind: "ptr", type: array }))
  }
  const part = (name: "key" | "value", id: number, size: number): void => {
    if (id !== 0 && btf !== undefined && sizeOf(btf, id) === size) member(name, builder.add({ kind: "ptr", type: id }))
    else number(`${name}_size`, size)
  }
  number("type", type)
  part("key", map.keyType, map.keySize)
  part("value", map.valueType, map.valueSize)
  number("max_entries", map.maxEntries)
  number("map_flags", map.flags)
  if (map.pin !== undefined) {
    if (map.pin !== map.name && map.pin !== BPFFS + map.name) {
      throw elfError(
        "OBJECT_PIN_PATH",
        `map ${map.name} is pinned at ${map.pin}, and an object file can only say that a map is pinned by its name`,
        `pin it at ${BPFFS}${map.name}, or load the program from its source`,
      )
    }
    number("pinning", PIN_BY_NAME)
  }
  if (map.inner !== undefined) {
    const inner = structs.get(map.inner)
    if (inner === undefined) {
      throw elfError(
        "OBJECT_NO_MAP",
        `map ${map.name} holds maps like ${map.inner}, which is not there`,
        "define that map",
      )
    }
    const pointer = builder.add({ kind: "ptr", type: inner })
    const int = builder.add({ kind: "int", name: "int", size: 4, signed: true })
    member("values", builder.add({ kind: "array", type: pointer, indexType: int, count: 0 }))
  }
  return members
}
