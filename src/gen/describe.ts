import { SkepError } from "../base/index.ts"
import { Btf, type NamedEnum, TypeWriter } from "../btf/index.ts"
import { type BpfObject, globalVariables, type MapSpec } from "../object/index.ts"
import { TABLE_CLASSES, type TableParts, tableType } from "./tables.ts"

/** A name of the program and the type that it has in TypeScript. */
export interface TypedName {
  readonly name: string
  readonly type: string
  /** What a comment says of it. */
  readonly about?: string
  /** It cannot be changed once the program is loaded. */
  readonly constant?: boolean
}

/** What TypeScript may know of a program. */
export interface Description {
  readonly tables: readonly TypedName[]
  readonly events: readonly TypedName[]
  readonly globals: readonly TypedName[]
  readonly programs: readonly string[]
  /** Declarations of the types that the others name. */
  readonly declarations: readonly string[]
  /** Enumerations among them. */
  readonly enums: readonly NamedEnum[]
  /** Names of skep's that the types refer to, in order. */
  readonly imports: readonly string[]
}

/** Types of maps through which events come. */
const EVENT_MAPS = new Set(["perf_event_array", "ringbuf"])

/**
 * What an object's names are in TypeScript: classes of its tables, types of its events and global variables. `taken` are names that no declared
 * type may have.
 */
export function describe(object: BpfObject, taken: Iterable<string> = []): Description {
  const btf = object.btf.length > 0 ? Btf.parse(object.btf) : undefined
  const types = btf && new TypeWriter(btf, [...TABLE_CLASSES, "ProgramTypes", "Given", ...taken])
  const typeOf = (id: number | undefined): string => valueType(types, id)
  const maps = object.maps.filter(map => !map.name.startsWith(".") && map.drops === undefined)
  const imports = new Set<string>()
  const classOf = (map: MapSpec): string => tableType(map, partsOf(map), name => imports.add(name))
  const partsOf = (map: MapSpec): TableParts => ({
    key: () => (map.keyType === 0 && map.type.endsWith("array") && map.keySize === 4 ? "number" : typeOf(map.keyType)),
    value: () => typeOf(map.valueType),
    inner: () => {
      const inner = map.innerSpec ?? object.maps.find(({ name }) => name === map.inner)
      return inner === undefined ? "BpfMap" : classOf(inner)
    },
  })
  const tables = maps.map(map => ({ name: map.name, type: classOf(map), about: aboutMap(map) }))
  const events = maps
    .filter(map => EVENT_MAPS.has(map.type))
    .map(map => ({ name: map.name, type: typeOf(map.eventType) }))
  const globals = [...globalVariables(object, btf).values()]
    .filter(({ name }) => /^[A-Za-z_]\w*$/.test(name))
    .map(({ name, type, section }): TypedName => {
      const constant = section.frozen === true || section.kconfig !== undefined
      return { name, type: typeOf(type), constant, about: section.name }
    })
  if (tables.some(({ type }) => type.includes("BpfMap"))) imports.add("BpfMap")
  if (types?.usesChars) imports.add("CharArray")
  return {
    tables,
    events,
    globals,
    programs: object.programs.map(({ name }) => name),
    declarations: types?.declarations ?? [],
    enums: types?.enums ?? [],
    imports: [...imports].sort(),
  }
}

/** The type of decoded values; bytes where there is no type, or none that has values. */
function valueType(types: TypeWriter | undefined, id: number | undefined): string {
  if (types === undefined || id === undefined || id === 0) return "Uint8Array"
  try {
    return types.type(id)
  } catch (error) {
    if (error instanceof SkepError) return "unknown"
    throw error
  }
}

const aboutMap = ({ type, maxEntries }: MapSpec): string =>
  type === "ringbuf" ? `${type}, ${maxEntries} bytes` : maxEntries === 0 ? type : `${type}, ${maxEntries} at most`
