import type { MapDecl } from "../bcc/index.ts"
import * as c from "../c/index.ts"
import { mapTypes } from "../isa/index.ts"
import { legacyMap } from "./legacyMaps.ts"
import { sectionOf } from "./programs.ts"
import { functionIn } from "./structOps.ts"

/** Maps of a unit, and the variables that stand for them. */
export interface Maps {
  readonly maps: readonly MapDecl[]
  readonly variables: ReadonlyMap<c.VarDecl, string>
}

/**
 * Reads the definitions in section `.maps`, and in `maps` those of the older form. Each member of such a variable's record says something about the map by its type.
 *
 *     struct { __uint(type, BPF_MAP_TYPE_HASH); __type(key, int); __type(value, long); __uint(max_entries, 16); } counts SEC(".maps");
 *     →  { name: "counts", type: "hash", keySize: 4, valueSize: 8, maxEntries: 16 }
 */
export function collectMaps(unit: c.TranslationUnit, diagnostics: c.Diagnostics): Maps {
  const variables = new Map<c.VarDecl, string>()
  const found: c.VarDecl[] = []
  for (const decl of unit.decls) {
    if (decl.kind !== "var") continue
    const section = sectionOf(decl)
    if (section !== ".maps" && section !== "maps") continue
    variables.set(decl, decl.name)
    if (decl.storage !== "extern") found.push(decl)
  }
  const maps: MapDecl[] = []
  for (const decl of found) {
    if (sectionOf(decl) === "maps") {
      const map = legacyMap(decl, diagnostics)
      if (map !== undefined) maps.push(map)
      continue
    }
    const record = c.recordOf(decl.type)
    if (record === undefined) {
      diagnostics.error("LIBBPF_MAP", `map '${decl.name}' must be a struct, not ${c.quoteType(decl.type)}`, decl.span)
      continue
    }
    const map = new MapReader(diagnostics, decl).read(record, decl.name)
    maps.push({ ...map, decl, ...valuesOf(decl, diagnostics) })
  }
  return { maps, variables }
}

/** What stands in the map from the start: `.values = { &inner, [2] = (void *)&program }`. */
function valuesOf(decl: c.VarDecl, diagnostics: c.Diagnostics): Pick<MapDecl, "values"> {
  if (decl.init?.kind !== "list") return {}
  const entry = decl.init.entries.find(e => e.field?.name === "values")
  if (entry?.init.kind !== "list") return {}
  const values: { index: number; map?: string; program?: string }[] = []
  for (const { index, init } of entry.init.entries) {
    if (index === undefined || init.kind !== "expr") continue
    const program = functionIn(init.expr)
    const map = program === undefined ? mapIn(init.expr) : undefined
    if (program !== undefined) values.push({ index, program: program.name })
    else if (map !== undefined) values.push({ index, map })
    else if (c.evaluate(init.expr) !== 0n) {
      diagnostics.error("LIBBPF_MAP", "a map holds addresses of maps or of programs from the start", init.expr.span)
    }
  }
  return values.length === 0 ? {} : { values }
}

function mapIn(e: c.Expr): string | undefined {
  while (e.kind === "cast" || e.kind === "addressOf") e = e.operand
  return e.kind === "ref" && e.decl.kind === "var" ? e.decl.name : undefined
}

type Facts = { -readonly [K in keyof MapDecl]: MapDecl[K] }

class MapReader {
  readonly #diagnostics: c.Diagnostics
  readonly #decl: c.VarDecl

  constructor(diagnostics: c.Diagnostics, decl: c.VarDecl) {
    this.#diagnostics = diagnostics
    this.#decl = decl
  }

  read(record: c.RecordDecl, name: string): MapDecl {
    const map: Facts = {
      name,
      type: "unspec",
      key: undefined,
      value: undefined,
      keySize: 0,
      valueSize: 0,
      maxEntries: 0,
      flags: 0,
      decl: undefined,
      span: this.#decl.span,
    }
    for (const field of record.fields) this.#member(map, field)
    return map
  }

  #member(map: Facts, field: c.Field): void {
    switch (field.name) {
      case "type": {
        const number = this.#number(field)
        const type = mapTypes.name(number)
        if (type === undefined) this.#error(`map '${map.name}' has type ${number}, which skep does not know`)
        else map.type = type
        return
      }
      case "key":
        map.key = this.#pointee(field)
        map.keySize = c.sizeOf(map.key) ?? 0
        return
      case "value":
        map.value = this.#pointee(field)
        map.valueSize = c.sizeOf(map.value) ?? 0
        return
      case "key_size":
        map.keySize = this.#number(field)
        return
      case "value_size":
        map.valueSize = this.#number(field)
        return
      case "max_entries":
        map.maxEntries = this.#number(field)
        return
      case "map_flags":
        map.flags = this.#number(field)
        return
      case "numa_node":
        map.numaNode = this.#number(field)
        return
      case "map_extra":
        map.mapExtra = this.#wide(field)
        return
      case "pinning":
        map.pinByName = this.#number(field) === 1
        return
      case "values":
        this.#values(map, field)
        return
      default:
        this.#error(`map '${map.name}' has a member '${field.name ?? ""}', which means nothing`)
    }
  }

  /** `__array(values, struct { … })`: what the inner map is like. Of an array of programs it says their type only. */
  #values(map: Facts, field: c.Field): void {
    const array = c.canonical(field.type)
    const pointer = array.kind === "array" ? c.pointerOf(array.element) : undefined
    const inner = pointer && c.recordOf(pointer.to)
    map.keySize ||= 4
    map.valueSize ||= 4
    if (inner === undefined) return
    const made = this.read(inner, `${map.name}.inner`)
    // Inner maps of unknown number are one as far as the verifier goes.
    map.innerDecl = made
  }

  /** `__uint(name, n)` is a pointer to an array of n elements. */
  #number(field: c.Field): number {
    return Number(this.#wide(field))
  }

  #wide(field: c.Field): bigint {
    const type = c.canonical(field.type)
    if (type.kind === "enum" && type.decl.constants.length > 0) return BigInt.asUintN(64, type.decl.constants[0].value)
    const array = type.kind === "pointer" ? c.canonical(type.to) : undefined
    if (array?.kind === "array") return BigInt(array.count ?? 0)
    this.#error(`member '${field.name}' of map '${this.#decl.name}' must be written with __uint()`)
    return 0n
  }

  #pointee(field: c.Field): c.Type {
    const pointer = c.pointerOf(field.type)
    if (pointer !== undefined) return pointer.to
    this.#error(`member '${field.name}' of map '${this.#decl.name}' must be written with __type()`)
    return c.VOID
  }

  #error(message: string): void {
    this.#diagnostics.error("LIBBPF_MAP", message, this.#decl.span)
  }
}
