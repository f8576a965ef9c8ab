import { basename } from "node:path"
import { Btf } from "../../btf/index.ts"
import type { BpfObject, MapSpec, ProgramSpec } from "../../object/index.ts"
import { badOption, noFunction, noTable } from "../errors.ts"
import { namedType } from "../events/eventType.ts"
import { withGlobals } from "../globals.ts"
import type { ObjectOptions } from "./options.ts"

/**
 * The object as options want it: other values of variables and sizes of maps, other pins, programs switched on or off.
 * @throws SkepError BPF_NO_TABLE, BPF_NO_FUNCTION, BPF_NO_GLOBAL, BPF_NO_EVENT_TYPE, BPF_OPTION, BTF_VALUE_…
 */
export function prepareObject(object: BpfObject, options: ObjectOptions): BpfObject {
  const { globals, maxEntries = {}, maps = {}, pinned = {}, pinFolder, autoload = {}, eventTypes = {} } = options
  const names = object.maps.map(map => map.name)
  for (const name of Object.keys({ ...maxEntries, ...maps, ...pinned, ...eventTypes })) {
    if (!names.includes(name)) throw noTable(name, names)
  }
  const programs = object.programs.map(program => program.name)
  const tables = object.maps.filter(map => map.structOps !== undefined).map(map => map.name)
  for (const name of Object.keys(autoload)) {
    if (!programs.includes(name) && !tables.includes(name)) throw noFunction(name, [...programs, ...tables])
  }
  const prepared = withGlobals(object, globals)
  const typed = withEventTypes(prepared, eventTypes)
  return {
    ...prepared,
    maps: typed.map(map =>
      tableSwitched(pinnedAt(sized(map, maxEntries[map.name]), pinned[map.name], pinFolder), autoload[map.name]),
    ),
    programs: prepared.programs.map(program => switched(program, autoload[program.name])),
  }
}

function withEventTypes(
  { maps, btf: bytes }: BpfObject,
  types: Readonly<Record<string, string | undefined>>,
): readonly MapSpec[] {
  if (Object.keys(types).length === 0) return maps
  const btf = bytes.length > 0 ? Btf.parse(bytes) : undefined
  return maps.map(map => {
    const type = types[map.name]
    return type === undefined ? map : { ...map, eventType: namedType(btf, type) }
  })
}

function sized(map: MapSpec, maxEntries: number | undefined): MapSpec {
  if (maxEntries === undefined) return map
  if (map.data !== undefined && map.type === "array") {
    throw badOption(`${map.name} holds global variables, and has no size to choose`, "name a map of the program")
  }
  return { ...map, maxEntries: entries(maxEntries) }
}

/** A number of elements that a map can have. @throws SkepError BPF_OPTION */
export function entries(maxEntries: number): number {
  if (Number.isInteger(maxEntries) && maxEntries >= 1 && maxEntries <= 0xffff_ffff) return maxEntries
  throw badOption(`${maxEntries} is no size of a table`, "a whole number from 1 on")
}

function pinnedAt(map: MapSpec, pinned: string | false | undefined, folder: string | undefined): MapSpec {
  if (pinned === undefined && (map.pin === undefined || folder === undefined)) return map
  const { pin, ...plain } = map
  if (pinned === false) return plain
  return { ...map, pin: pinned ?? `${folder}/${basename(pin as string)}` }
}

function switched(program: ProgramSpec, on: boolean | undefined): ProgramSpec {
  if (on === undefined) return program
  const { autoload: _, ...plain } = program
  return on ? plain : { ...plain, autoload: false }
}

/** A table of operations, which is loaded with its programs or left out. */
function tableSwitched(map: MapSpec, on: boolean | undefined): MapSpec {
  if (on === undefined || map.structOps === undefined) return map
  const { autoload: _, ...plain } = map.structOps
  return { ...map, structOps: on ? plain : { ...plain, autoload: false } }
}
