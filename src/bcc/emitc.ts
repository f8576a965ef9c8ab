import * as c from "../c/index.ts"
import type { FrontEndResult } from "./frontEnd.ts"
import type { MapDecl } from "./unit.ts"

/**
 * The program after the dialect's rewrites, as C (`--emit=c`): the user's own declarations, tables as they are declared, and no word from skep's
 * headers.
 */
export function emitC({ unit, includes }: Pick<FrontEndResult, "unit" | "includes">): string {
  const tables = new Map<c.Decl, string>()
  for (const map of unit.maps) if (map.decl !== undefined) tables.set(map.decl, declareTable(map))
  const decls = withTables(unit.unit.decls, unit.maps)
  const text = c.printUnit({ name: unit.unit.name, decls }, { verbatim: tables })
  return includes.map(name => `#include ${name}\n`).join("") + (includes.length > 0 ? "\n" : "") + text
}

/** A table as the BCC macro that declares it. */
function declareTable(map: MapDecl): string {
  const key = map.key === undefined ? "int" : c.typeToString(map.key)
  const leaf = map.value === undefined ? "u32" : c.typeToString(map.value)
  const name = `"${map.type}"`
  if (map.pin !== undefined)
    return `BPF_TABLE_PINNED(${name}, ${key}, ${leaf}, ${map.name}, ${map.maxEntries}, "${map.pin}");`
  if (map.type === "perf_event_array" && map.maxEntries === 0) return `BPF_PERF_OUTPUT(${map.name});`
  if (map.type === "array_of_maps") return `BPF_ARRAY_OF_MAPS(${map.name}, "${map.inner}", ${map.maxEntries});`
  if (map.type === "hash_of_maps") return `BPF_HASH_OF_MAPS(${map.name}, ${key}, "${map.inner}", ${map.maxEntries});`
  const share = map.share === undefined ? "" : map.share === "public" ? "_PUBLIC" : "_SHARED"
  if (map.flags === 0) return `BPF_TABLE${share}(${name}, ${key}, ${leaf}, ${map.name}, ${map.maxEntries});`
  const macro = map.share === "shared" ? "BPF_TABLE_SHARED" : "BPF_F_TABLE"
  return `${macro}(${name}, ${key}, ${leaf}, ${map.name}, ${map.maxEntries}, ${map.flags});`
}

/** Declarations with those of the tables where they stood. */
function withTables(decls: readonly c.Decl[], maps: readonly MapDecl[]): c.Decl[] {
  const out: c.Decl[] = []
  const waiting = maps.flatMap(map => (map.decl === undefined ? [] : [map.decl]))
  for (const decl of decls) {
    for (let table = waiting[0]; table !== undefined && comesBefore(table, decl); table = waiting[0]) {
      out.push(table)
      waiting.shift()
    }
    out.push(decl)
  }
  return [...out, ...waiting]
}

function comesBefore(table: c.VarDecl, decl: c.Decl): boolean {
  return decl.span !== undefined && decl.span.file === table.span.file && decl.span.start > table.span.start
}
