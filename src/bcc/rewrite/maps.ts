import { didYouMean } from "../../base/index.ts"
import * as c from "../../c/index.ts"
import { mapTypes } from "../../isa/index.ts"
import type { MapDecl } from "../unit.ts"
import { mapTypeAliases, mapTypeOf, partsOfType } from "./methodTable.ts"

/** A map with what the rewriter needs to know of it, and what it finds out. */
export interface Table extends MapDecl {
  event?: c.Type
  readonly decl: c.VarDecl
  /** Type of the table's `key` and `leaf` members, also where the map has no key or value. */
  readonly keyMember: c.Type
  readonly leafMember: c.Type
}

const MAP_ATTRIBUTE = "bpf_map"

/** The tables of a program, by the variable that stands for each. */
export function collectTables(unit: c.TranslationUnit, diagnostics: c.Diagnostics): Map<c.VarDecl, Table> {
  const tables = new Map<c.VarDecl, Table>()
  for (const decl of unit.decls) {
    if (decl.kind !== "var" || decl.scope !== "global") continue
    const map = decl.attrs.find(attr => attr.name === MAP_ATTRIBUTE)
    if (map === undefined) continue
    const table = readTable(decl, map.args, diagnostics)
    if (table !== undefined) tables.set(decl, table)
  }
  for (const table of tables.values()) checkInner(table, tables, diagnostics)
  return tables
}

/** `bpf_map(type, max_entries, flags, inner, pin, share)` on a variable of a table's type. */
function readTable(
  decl: c.VarDecl,
  [typeText, max, flags, givenInner, givenPin, share]: readonly (bigint | string)[],
  diagnostics: c.Diagnostics,
): Table | undefined {
  const parts = partsOfType(String(typeText))
  const typeName = parts.name
  const inner = givenInner || parts.inner
  const pin = givenPin || parts.pin
  const fields = c.recordOf(decl.type)?.fields ?? []
  const key = fields.find(f => f.name === "key")?.type
  const leaf = fields.find(f => f.name === "leaf")?.type
  if (key === undefined || leaf === undefined) return undefined
  const type = mapTypeOf(typeName, key)
  if (type !== "extern" && mapTypes.number(type) === undefined) {
    diagnostics.error(
      "BCC_TABLE_TYPE",
      `unknown table type '${typeName}'${didYouMean(typeName, typeNames())}`,
      decl.span,
    )
    return undefined
  }
  const entries = typeof max === "bigint" ? Number(max) : Number.NaN
  if (!(entries >= 0 && entries <= 0xffffffff) || typeof flags !== "bigint") {
    diagnostics.error(
      "BCC_TABLE_SIZE",
      `size and flags of table '${decl.name}' must be constants of 32 bits`,
      decl.span,
    )
    return undefined
  }
  const shape = shapeOf(type)
  const size = (t: c.Type) => c.sizeOf(t) ?? 0
  return {
    name: decl.name,
    type,
    key: shape.key ? key : undefined,
    value: shape.value ? leaf : undefined,
    keySize: shape.key ? size(key) : 0,
    valueSize: shape.value ? size(leaf) : 0,
    maxEntries: type === "stack_trace" ? powerOfTwo(entries) : entries,
    flags: Number(flags),
    ...(inner ? { inner: String(inner) } : {}),
    ...(pin ? { pin: String(pin) } : {}),
    ...(share === "public" || share === "shared" ? { share } : {}),
    decl,
    span: decl.span,
    keyMember: key,
    leafMember: leaf,
  }
}

function shapeOf(type: string): { key: boolean; value: boolean } {
  switch (type) {
    case "ringbuf":
    case "user_ringbuf":
      return { key: false, value: false }
    case "queue":
    case "stack":
    case "bloom_filter":
      return { key: false, value: true }
    default:
      return { key: true, value: true }
  }
}

function powerOfTwo(n: number): number {
  let power = 1
  while (power < n) power *= 2
  return power
}

function checkInner(table: Table, tables: ReadonlyMap<c.VarDecl, Table>, diagnostics: c.Diagnostics): void {
  const nested = table.type === "array_of_maps" || table.type === "hash_of_maps"
  if (!nested || table.inner === undefined) return
  const inner = [...tables.values()].find(t => t.name === table.inner)
  if (inner !== undefined && inner !== table && inner.inner === undefined) return
  const names = [...tables.values()].filter(t => t.inner === undefined).map(t => t.name)
  const what = inner === undefined ? "is no table of this program" : "is a map of maps itself"
  diagnostics.error(
    "BCC_TABLE_INNER",
    `inner map '${table.inner}' of table '${table.name}' ${what}${didYouMean(table.inner, names)}`,
    table.span,
  )
}

function* typeNames(): Iterable<string> {
  yield* mapTypes.names()
  yield* mapTypeAliases
}
