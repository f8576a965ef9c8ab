import { type ErrorParts, SkepError } from "../base/index.ts"
import type { LoadedMap } from "./map.ts"

/** What both machines say about maps, so that a program sees one set of codes. */

type Named = Pick<LoadedMap, "name" | "type" | "maxEntries">

function fail(code: string, message: string, hint: string, parts: Partial<ErrorParts> = {}): SkepError {
  return new SkepError({ code, message, hint, ...parts })
}

const isArray = (type: string): boolean => type.endsWith("array")

export function mapFull(map: Named, errno?: number): SkepError {
  if (isArray(map.type)) {
    return fail(
      "MACHINE_MAP_FULL",
      `map ${map.name} has no such index: it holds ${map.maxEntries} elements, counted from 0`,
      "make the array larger, or use a hash",
      { errno },
    )
  }
  return fail(
    "MACHINE_MAP_FULL",
    `map ${map.name} is full: it holds ${map.maxEntries} entries`,
    "make it larger (the last argument of BPF_HASH), delete entries, or make it an lru_hash, which drops the oldest",
    { errno },
  )
}

export function keyExists(map: Named): SkepError {
  return fail(
    "MACHINE_KEY_EXISTS",
    `map ${map.name} has this key already`,
    "update without the mode absent replaces it",
  )
}

export function noKey(map: Named): SkepError {
  return fail("MACHINE_NO_KEY", `map ${map.name} has no such key`, "update without the mode present makes it")
}

export function wrongSize(map: Named, what: "key" | "value", want: number, have: number): SkepError {
  return fail(
    "MACHINE_SIZE",
    `a ${what} of map ${map.name} has ${want} bytes, not ${have}`,
    what === "value" && map.type.includes("percpu")
      ? "a per-CPU map takes one value for every possible CPU, each rounded up to 8 bytes"
      : "encode it with the map's own type",
  )
}

export function unsupported(map: Named, operation: string, errno?: number): SkepError {
  return fail(
    "MACHINE_UNSUPPORTED",
    `a map of type ${map.type} cannot do this: ${operation} (map ${map.name})`,
    "only programs may do it, or another operation stands for it: look at the map type's documentation",
    { errno },
  )
}

export function mapChanging(map: Named): SkepError {
  return fail(
    "MACHINE_MAP_CHANGING",
    `map ${map.name} changes too fast to be read: the element the walk stood at was gone again and again`,
    "read it when its programs are detached, or read and remove in one step (readAndClear)",
  )
}

export function mapClosed(map: Named): SkepError {
  return fail("MACHINE_CLOSED", `map ${map.name} has been closed`, "use the map before its object is disposed")
}

export function noMap(name: string, have: Iterable<string>): SkepError {
  return fail("MACHINE_NO_MAP", `the object has no map ${name}`, `it has: ${[...have].join(", ") || "none"}`)
}

export function noProgram(name: string, have: Iterable<string>): SkepError {
  return fail("MACHINE_NO_PROGRAM", `the object has no program ${name}`, `it has: ${[...have].join(", ") || "none"}`)
}

export function noType(program: string): SkepError {
  return fail(
    "MACHINE_NO_TYPE",
    `nothing says what type of program ${program} is`,
    "name it after its place (kprobe__…, tracepoint__…), or give its type when it is attached",
  )
}

export function otherType(program: string, loaded: string, wanted: string): SkepError {
  return fail(
    "MACHINE_OTHER_TYPE",
    `program ${program} is loaded as ${loaded} already and cannot be ${wanted}, too`,
    "write a second function that calls the same code",
  )
}
