import { SkepError } from "../base/index.ts"
import { type Btf, BtfBuilder, type BtfMemberInput, type BtfSectionVar, type BtfType, sizeOf } from "../btf/index.ts"
import { mapTypes } from "../isa/index.ts"
import { elfError } from "./elf.ts"
import type { MapSpec } from "./object.ts"

/** Name of the section, in the file and in BTF, that describes maps. */
export const MAPS_SECTION = ".maps"

/** Name of the section of BTF that lists what the kernel is to provide. */
export const KSYMS_SECTION = ".ksyms"

/** Where maps are pinned that say no more than that they are. */
const BPFFS = "/sys/fs/bpf/"

/** Starts the name of a typedef of the records of an event stream: `typedef struct data_t __skep_event_NAME`. */
const EVENT_PREFIX = "__skep_event_"

/** `LIBBPF_PIN_BY_NAME` */
const PIN_BY_NAME = 1

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

/** The maps that a BTF describes, and the id from which on it holds nothing but what {@link describeMaps} adds. */
export function readMaps(btf: Btf): { maps: MapSpec[]; end: number } {
  const reader = new MapReader(btf)
  const section = btf.find(MAPS_SECTION, "datasec")
  const maps = section === 0 ? [] : reader.read(section)
  const kernelSymbols = btf.find(KSYMS_SECTION, "datasec")
  if (kernelSymbols !== 0) reader.own.add(kernelSymbols)
  return { maps, end: endWithout(btf, reader.own) }
}

class MapReader {
  readonly btf: Btf
  /** Ids that describe maps. */
  readonly own = new Set<number>()
  readonly #structs = new Map<number, string>()

  constructor(btf: Btf) {
    this.btf = btf
  }

  read(section: number): MapSpec[] {
    const datasec = this.btf.type(section)
    if (datasec.kind !== "datasec") return []
    this.own.add(section)
    const vars: [name: string, struct: number][] = []
    for (const { type } of datasec.vars) {
      const variable = this.btf.type(type)
      const struct = variable.kind === "var" ? this.btf.resolve(variable.type) : 0
      if (this.btf.kind(struct) !== "struct") {
        throw elfError(
          "OBJECT_MAP_FORM",
          `${variable.name || "an entry"} of ${MAPS_SECTION} is no variable of a struct`,
        )
      }
      this.own.add(type).add(struct)
      this.#structs.set(struct, variable.name)
      vars.push([variable.name, struct])
    }
    return vars.map(([name, struct]) => this.#map(name, struct))
  }

  #map(name: string, struct: number): MapSpec {
    const spec: { -readonly [K in keyof MapSpec]: MapSpec[K] } = {
      name,
      type: "",
      keySize: 0,
      valueSize: 0,
      maxEntries: 0,
      flags: 0,
      keyType: 0,
      valueType: 0,
    }
    const record = this.btf.type(struct)
    if (record.kind !== "struct") return spec
    for (const member of record.members) {
      switch (member.name) {
        case "type": {
          const number = this.#number(name, member.name, member.type)
          const type = mapTypes.name(number)
          if (type === undefined) throw unknownType(name, number)
          spec.type = type
          break
        }
        case "key":
          spec.keyType = this.#pointee(name, member.name, member.type)
          spec.keySize = sizeOf(this.btf, spec.keyType)
          break
        case "value":
          spec.valueType = this.#pointee(name, member.name, member.type)
          spec.valueSize = sizeOf(this.btf, spec.valueType)
          break
        case "key_size":
          spec.keySize = this.#number(name, member.name, member.type)
          break
        case "value_size":
          spec.valueSize = this.#number(name, member.name, member.type)
          break
        case "max_entries":
          spec.maxEntries = this.#number(name, member.name, member.type)
          break
        case "map_flags":
          spec.flags = this.#number(name, member.name, member.type)
          break
        case "pinning":
          if (this.#number(name, member.name, member.type) === PIN_BY_NAME) spec.pin = BPFFS + name
          break
        case "values":
          spec.inner = this.#inner(name, member.type)
          break
        default:
          throw elfError(
            "OBJECT_MAP_FIELD",
            `map ${name} sets ${member.name}, which is not read yet`,
            "type, key, value, key_size, value_size, max_entries, map_flags, pinning and values are read",
          )
      }
    }
    if (spec.type === "") throw elfError("OBJECT_MAP_FORM", `map ${name} does not say its type`)
    const event = this.btf.find(EVENT_PREFIX + name, "typedef")
    const records = event === 0 ? undefined : this.btf.type(event)
    if (records?.kind === "typedef") {
      this.own.add(event)
      spec.eventType = records.type
    }
    return spec
  }

  #pointee(map: string, member: string, id: number): number {
    const type = this.btf.type(id)
    if (type.kind !== "ptr") throw elfError("OBJECT_MAP_FORM", `${member} of map ${map} is no pointer`)
    this.own.add(id)
    return type.type
  }

  /** `int (*name)[N]` is N. */
  #number(map: string, member: string, id: number): number {
    const array = this.#pointee(map, member, id)
    const type = this.btf.type(array)
    if (type.kind !== "array") throw elfError("OBJECT_MAP_FORM", `${member} of map ${map} is no pointer to an array`)
    this.own.add(array)
    return type.count
  }

  /** `struct inner *values[]`: the map whose struct it is. */
  #inner(map: string, id: number): string {
    const array = this.btf.type(id)
    if (array.kind !== "array") throw elfError("OBJECT_MAP_FORM", `values of map ${map} is no array`)
    this.own.add(id)
    const struct = this.btf.resolve(this.#pointee(map, "values", array.type))
    const name = this.#structs.get(struct)
    if (name === undefined) {
      throw elfError(
        "OBJECT_MAP_INNER",
        `the maps inside ${map} are described in place, which is not read yet`,
        "describe the inner map as a map of its own",
      )
    }
    return name
  }
}

const unknownType = (name: string, number: number): SkepError =>
  new SkepError({
    code: "OBJECT_MAP_TYPE",
    message: `map ${name} has the type ${number}, which is not known`,
    hint: "the object was made for a newer kernel",
  })

/** The lowest id from which on all ids are in `own` and none below refers to them. */
function endWithout(btf: Btf, own: ReadonlySet<number>): number {
  let end = btf.count
  while (end > 1 && own.has(end - 1)) end--
  for (let id = 1; id < end; id++) if (references(btf.type(id)).some(to => to >= end)) return btf.count
  return end
}

function references(type: BtfType): readonly number[] {
  switch (type.kind) {
    case "array":
      return [type.type, type.indexType]
    case "struct":
    case "union":
      return type.members.map(m => m.type)
    case "func_proto":
      return [type.type, ...type.params.map(p => p.type)]
    case "datasec":
      return type.vars.map(v => v.type)
    default:
      return "type" in type ? [type.type] : []
  }
}
