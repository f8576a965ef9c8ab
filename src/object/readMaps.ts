import { SkepError } from "../base/index.ts"
import { type Btf, isRecord, references, sizeOf } from "../btf/index.ts"
import { mapTypes } from "../isa/index.ts"
import { BPFFS, DROPS_PREFIX, EVENT_PREFIX, KSYMS_SECTION, MAPS_SECTION, PIN_BY_NAME } from "./describeMaps.ts"
import { type ElfSection, elfError } from "./elf.ts"
import type { MapSpec } from "./object.ts"

/** A map that a file defines. */
export interface ReadMap {
  readonly spec: MapSpec
  /** The section of its variable; undefined where the file has none by that name. */
  readonly section: ElfSection | undefined
  /** Where its variable stands there. */
  readonly offset: number
  readonly size: number
  /** Byte of its variable from which on its initial entries stand, 8 bytes each. */
  readonly valuesAt?: number
}

export interface ReadMaps {
  readonly maps: readonly ReadMap[]
  /** Names of maps that another object defines. */
  readonly externs: readonly string[]
  /** The id from which on the BTF holds nothing but descriptions of maps and kernel functions. */
  readonly end: number
}

/** The maps that a BTF describes in the way of {@link describeMaps}. */
export function readMaps(btf: Btf, place?: ElfSection): ReadMaps {
  const reader = new MapReader(btf)
  const section = btf.find(MAPS_SECTION, "datasec")
  if (section !== 0) reader.read(section, place)
  const kernelSymbols = btf.find(KSYMS_SECTION, "datasec")
  if (kernelSymbols !== 0) reader.own.add(kernelSymbols)
  return { maps: reader.maps, externs: reader.externs, end: endWithout(btf, reader.own) }
}

/** What an `extern` variable of `.maps` says of the map; undefined when it says nothing. */
export function readExternMap(btf: Btf, variable: number): MapSpec | undefined {
  const type = variable === 0 ? undefined : btf.type(variable)
  const struct = type?.kind === "var" ? btf.resolve(type.type) : 0
  if (type === undefined || btf.kind(struct) !== "struct") return undefined
  return new MapReader(btf).map(type.name, struct).spec
}

type Draft = { -readonly [K in keyof MapSpec]: MapSpec[K] }

const draft = (name: string): Draft => ({
  name,
  type: "",
  keySize: 0,
  valueSize: 0,
  maxEntries: 0,
  flags: 0,
  keyType: 0,
  valueType: 0,
})

class MapReader {
  readonly btf: Btf
  /** Ids that describe maps. */
  readonly own = new Set<number>()
  readonly maps: ReadMap[] = []
  readonly externs: string[] = []
  readonly #structs = new Map<number, string>()

  constructor(btf: Btf) {
    this.btf = btf
  }

  read(section: number, place: ElfSection | undefined): void {
    const datasec = this.btf.type(section)
    if (datasec.kind !== "datasec") return
    this.own.add(section)
    const vars: { name: string; struct: number; offset: number; size: number }[] = []
    for (const { type, offset, size } of datasec.vars) {
      const variable = this.btf.type(type)
      const struct = variable.kind === "var" ? this.btf.resolve(variable.type) : 0
      if (variable.kind !== "var" || this.btf.kind(struct) !== "struct") {
        throw elfError(
          "OBJECT_MAP_FORM",
          `${variable.name || "an entry"} of ${MAPS_SECTION} is no variable of a struct`,
        )
      }
      this.own.add(type).add(struct)
      if (variable.linkage === "extern") this.externs.push(variable.name)
      else {
        if (variable.linkage === "static") {
          throw elfError(
            "OBJECT_MAP_FORM",
            `map ${variable.name} is static, and loaders know maps by their names`,
            "leave static out",
          )
        }
        this.#structs.set(struct, variable.name)
        vars.push({ name: variable.name, struct, offset, size })
      }
    }
    for (const { name, struct, offset, size } of vars)
      this.maps.push({ ...this.map(name, struct), section: place, offset, size })
  }

  map(name: string, struct: number): Pick<ReadMap, "spec" | "valuesAt"> {
    const spec = draft(name)
    const record = this.btf.type(struct)
    let valuesAt: number | undefined
    if (isRecord(record)) {
      for (const member of record.members) {
        if (member.name === "values") {
          valuesAt = member.bitOffset / 8
          this.#values(spec, member.type)
        } else this.#member(spec, member.name, member.type)
      }
    }
    if (spec.type === "") throw elfError("OBJECT_MAP_FORM", `map ${name} does not say its type`)
    const event = this.btf.find(EVENT_PREFIX + name, "typedef")
    const records = event === 0 ? undefined : this.btf.type(event)
    if (records?.kind === "typedef") {
      this.own.add(event)
      spec.eventType = records.type
    }
    const drops = this.btf.find(DROPS_PREFIX + name, "enum")
    const rings = drops === 0 ? undefined : this.btf.type(drops)
    if (rings?.kind === "enum") {
      this.own.add(drops)
      spec.drops = rings.values.map(ring => ring.name.slice(DROPS_PREFIX.length))
    }
    return { spec, ...(valuesAt !== undefined && { valuesAt }) }
  }

  #member(spec: Draft, member: string, id: number): void {
    const { name } = spec
    switch (member) {
      case "type": {
        const number = this.#number(name, member, id)
        const type = mapTypes.name(number)
        if (type === undefined) throw unknownType(name, number)
        spec.type = type
        break
      }
      case "key":
        spec.keyType = this.#pointee(name, member, id)
        spec.keySize = sizeOf(this.btf, spec.keyType)
        break
      case "value":
        spec.valueType = this.#pointee(name, member, id)
        spec.valueSize = sizeOf(this.btf, spec.valueType)
        break
      case "key_size":
        spec.keySize = this.#number(name, member, id)
        break
      case "value_size":
        spec.valueSize = this.#number(name, member, id)
        break
      case "max_entries":
        spec.maxEntries = this.#number(name, member, id)
        break
      case "map_flags":
        spec.flags = this.#number(name, member, id)
        break
      case "numa_node":
        spec.numaNode = this.#number(name, member, id)
        break
      case "map_extra":
        spec.mapExtra = this.#number(name, member, id)
        break
      case "pinning":
        this.#pinning(spec, this.#number(name, member, id))
        break
      default:
        throw elfError(
          "OBJECT_MAP_FIELD",
          `map ${name} sets ${member}, which no map has`,
          "type, key, value, key_size, value_size, max_entries, map_flags, map_extra, numa_node, pinning and values are known",
        )
    }
  }

  #pinning(spec: Draft, how: number): void {
    if (how === PIN_BY_NAME) spec.pin = BPFFS + spec.name
    else if (how !== 0) {
      throw elfError(
        "OBJECT_MAP_FORM",
        `map ${spec.name} asks for pinning ${how}, which is not known`,
        "pinning is LIBBPF_PIN_NONE (0) or LIBBPF_PIN_BY_NAME (1)",
      )
    }
  }

  /** `struct inner *values[]`: maps like that one. `int (*values[])(void *)`: programs. */
  #values(spec: Draft, id: number): void {
    const array = this.btf.type(id)
    if (array.kind !== "array") throw elfError("OBJECT_MAP_FORM", `values of map ${spec.name} is no array`)
    this.own.add(id)
    const struct = this.btf.resolve(this.#pointee(spec.name, "values", array.type))
    const kind = this.btf.kind(struct)
    // An entry is a descriptor.
    if (spec.valueSize === 0) spec.valueSize = 4
    if (spec.type === "prog_array" && kind === "func_proto") {
      this.own.add(struct)
      return
    }
    if (kind !== "struct" || !spec.type.endsWith("_of_maps")) {
      throw elfError(
        "OBJECT_MAP_FORM",
        `map ${spec.name} is a ${spec.type} and has values of kind ${kind}`,
        "maps of maps hold maps (__array(values, struct inner)), program arrays hold functions",
      )
    }
    const inner = this.#structs.get(struct)
    if (inner !== undefined) spec.inner = inner
    else {
      this.own.add(struct)
      const innerName = `${spec.name}.inner`
      const { spec: innerSpec } = this.map(innerName, struct)
      if (innerSpec.pin !== undefined || innerSpec.inner !== undefined || innerSpec.innerSpec !== undefined) {
        throw elfError(
          "OBJECT_MAP_INNER",
          `the maps inside ${spec.name} are pinned or hold maps themselves`,
          "maps nest one deep, and only maps with a name of their own are pinned",
        )
      }
      spec.innerSpec = innerSpec
    }
  }

  #pointee(map: string, member: string, id: number): number {
    const type = this.btf.resolved(id)
    if (type.kind !== "ptr") throw elfError("OBJECT_MAP_FORM", `${member} of map ${map} is no pointer`)
    this.own.add(id)
    return type.type
  }

  /** `int (*name)[N]` is N; `enum { unique = N } name` too, for large numbers. */
  #number(map: string, member: string, id: number): number {
    const direct = this.btf.resolved(id)
    if ((direct.kind === "enum" || direct.kind === "enum64") && direct.values.length === 1) {
      this.own.add(this.btf.resolve(id))
      return Number(direct.values[0].value)
    }
    const array = this.#pointee(map, member, id)
    const type = this.btf.resolved(array)
    if (type.kind !== "array") throw elfError("OBJECT_MAP_FORM", `${member} of map ${map} is no pointer to an array`)
    this.own.add(array)
    return type.count
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
