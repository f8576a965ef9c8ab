import { type Btf, BtfBuilder, type BtfMemberInput, type BtfSectionVar, type BtfType, sizeOf } from "../btf/index.ts"
import { mapTypes } from "../isa/index.ts"
import { elfError } from "./elf.ts"
import type { ExternSpec, MapSpec } from "./object.ts"

/** Name of the section, in the file and in BTF, that describes maps. */
export const MAPS_SECTION = ".maps"

/** Name of the section of BTF that lists what the kernel is to provide. */
export const KSYMS_SECTION = ".ksyms"

/** Where maps are pinned that say no more than that they are. */
export const BPFFS = "/sys/fs/bpf/"

/** Starts the name of a typedef of the records of an event stream: `typedef struct data_t __skep_event_NAME`. */
export const EVENT_PREFIX = "__skep_event_"

/**
 * Starts the name of an enumeration of the ring buffers whose drops a map counts, and of its enumerators, by the elements of the map:
 * `enum __skep_drops_MAP { __skep_drops_RING = 0, … }`.
 */
export const DROPS_PREFIX = "__skep_drops_"

/** `LIBBPF_PIN_BY_NAME` */
export const PIN_BY_NAME = 1

/** Whether a map that is pinned is so by its name: an object file can say no more. */
export const isPinnedByName = ({ pin, name }: MapSpec): boolean => pin === name || pin === BPFFS + name

/**
 * A builder that holds the types below id `end` of a BTF, under the ids they have. Functions in `visible`, by id, are
 * global: linkers look for no others.
 */
export function continueBtf(
  btf: Btf | undefined,
  end = btf?.count ?? 1,
  visible: ReadonlySet<number> = new Set(),
): BtfBuilder {
  const builder = new BtfBuilder()
  for (let id = 1; id < end; id++) {
    const type = btf!.type(id) as Exclude<BtfType, { kind: "void" }>
    const isVisible = type.kind === "func" && visible.has(id)
    builder.define(builder.reserve(), isVisible ? { ...type, linkage: "global" } : type)
  }
  return builder
}

/** Where a map stands in the maps section, in bytes. */
export interface MapPlace {
  readonly name: string
  readonly offset: number
  readonly size: number
  /** Where its initial entries stand, 8 bytes each. */
  readonly valuesAt: number
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
 *       struct inner *values[];    maps in maps, or int (*values[])(void *), programs; the last member
 *     } name SEC(".maps");
 */
export function describeMaps(
  builder: BtfBuilder,
  btf: Btf | undefined,
  maps: readonly MapSpec[],
  externs: readonly ExternSpec[] = [],
): MapPlace[] {
  if (maps.length + externs.length === 0) return []
  // First, so that what follows is nothing but the description.
  builder.add({ kind: "int", name: "int", size: 4, signed: true })
  const structs = new Map(maps.map(map => [map.name, builder.reserve()]))
  const places: MapPlace[] = []
  const vars: BtfSectionVar[] = []
  let offset = 0
  for (const map of maps) {
    const struct = structs.get(map.name)!
    const members = new MapMembers(builder, btf, map, structs).all()
    const valuesAt = members.filter(m => m.name !== "values").length * 8
    const entries = Math.max(0, ...(map.values ?? []).map(entry => entry.index + 1))
    const size = valuesAt + entries * 8
    builder.define(struct, { kind: "struct", name: "", size: valuesAt, members })
    if (map.eventType) builder.add({ kind: "typedef", name: EVENT_PREFIX + map.name, type: map.eventType })
    if (map.drops !== undefined) {
      const values = map.drops.map((ring, value) => ({ name: DROPS_PREFIX + ring, value }))
      builder.add({ kind: "enum", name: DROPS_PREFIX + map.name, size: 4, signed: false, values })
    }
    const type = builder.add({ kind: "var", name: map.name, type: struct, linkage: "global" })
    vars.push({ type, offset, size })
    places.push({ name: map.name, offset, size, valuesAt: offset + valuesAt })
    offset += size
  }
  for (const { type } of externs) if (type !== 0) vars.push({ type, offset: 0, size: 0 })
  builder.add({ kind: "datasec", name: MAPS_SECTION, size: offset, vars })
  return places
}

/** The members of a map's struct. */
class MapMembers {
  readonly #builder: BtfBuilder
  readonly #btf: Btf | undefined
  readonly #map: MapSpec
  readonly #structs: ReadonlyMap<string, number>
  readonly #members: BtfMemberInput[] = []

  constructor(builder: BtfBuilder, btf: Btf | undefined, map: MapSpec, structs: ReadonlyMap<string, number>) {
    this.#builder = builder
    this.#btf = btf
    this.#map = map
    this.#structs = structs
  }

  all(): readonly BtfMemberInput[] {
    const map = this.#map
    const type = mapTypes.number(map.type)
    if (type === undefined) {
      throw elfError("OBJECT_MAP_TYPE", `map ${map.name} has the unknown type ${map.type}`, "see the names in mapTypes")
    }
    this.#number("type", type)
    this.#part("key", map.keyType, map.keySize)
    this.#part("value", map.valueType, map.valueSize)
    this.#number("max_entries", map.maxEntries)
    this.#number("map_flags", map.flags)
    this.#number("numa_node", map.numaNode ?? 0)
    this.#number("map_extra", map.mapExtra ?? 0)
    if (map.pin !== undefined) this.#pinning(map.pin)
    const entry = this.#entryType()
    if (entry !== undefined) {
      const array = { kind: "array", type: this.#pointer(entry), indexType: this.#int(), count: 0 } as const
      this.#member("values", this.#builder.add(array))
    }
    return this.#members
  }

  #member(name: string, type: number): void {
    this.#members.push({ name, type, bitOffset: this.#members.length * 64 })
  }

  #int = (): number => this.#builder.add({ kind: "int", name: "int", size: 4, signed: true })
  #pointer = (type: number): number => this.#builder.add({ kind: "ptr", type })

  /** Numbers are lengths of arrays; ones that a length cannot be are values of an enumeration. */
  #number(name: string, value: number): void {
    if (value === 0) return
    if (value > 0xffffffff) {
      const values = [{ name: `__skep_${this.#map.name}_${name}`, value: BigInt(value) }]
      this.#member(name, this.#builder.add({ kind: "enum64", name: "", size: 8, values }))
      return
    }
    const int = this.#int()
    const array = this.#builder.add({ kind: "array", type: int, indexType: int, count: value >>> 0 })
    this.#member(name, this.#pointer(array))
  }

  #part(name: "key" | "value", id: number, size: number): void {
    if (id !== 0 && this.#btf !== undefined && sizeOf(this.#btf, id) === size) this.#member(name, this.#pointer(id))
    else this.#number(`${name}_size`, size)
  }

  #pinning(pin: string): void {
    const { name } = this.#map
    if (!isPinnedByName(this.#map)) {
      throw elfError(
        "OBJECT_PIN_PATH",
        `map ${name} is pinned at ${pin}, and an object file can only say that a map is pinned by its name`,
        `pin it at ${BPFFS}${name}, or load the program from its source`,
      )
    }
    this.#number("pinning", PIN_BY_NAME)
  }

  /** What the entries point to: maps in maps, programs that are there from the start. */
  #entryType(): number | undefined {
    const { name, inner, innerSpec, values, type } = this.#map
    if (inner !== undefined) {
      const struct = this.#structs.get(inner)
      if (struct !== undefined) return struct
      throw elfError("OBJECT_NO_MAP", `map ${name} holds maps like ${inner}, which is not there`, "define that map")
    }
    if (innerSpec !== undefined) {
      const members = new MapMembers(this.#builder, this.#btf, innerSpec, this.#structs).all()
      // An id of its own: a struct that a map has, too, would make that map the one that is meant.
      const struct = this.#builder.reserve()
      this.#builder.define(struct, { kind: "struct", name: "", size: members.length * 8, members })
      return struct
    }
    if (values === undefined || type !== "prog_array") return undefined
    const params = [{ name: "", type: this.#pointer(0) }]
    return this.#builder.add({ kind: "func_proto", type: this.#int(), params })
  }
}
