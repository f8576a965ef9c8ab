import { SkepError } from "../base/index.ts"
import { Btf, BtfBuilder, type TypePlace } from "../btf/index.ts"
import type { BpfObject, ExternSpec, FunctionSpec, MapSpec } from "./object.ts"
import { readExternMap } from "./readMaps.ts"
import { sameType } from "./sameType.ts"
import { dataSection, symbolsOf } from "./writeData.ts"

/** An object that is linked, with its BTF open. */
export interface Unit {
  readonly index: number
  readonly object: BpfObject
  readonly btf: Btf
}

/** What a name means to all objects. */
export interface Definition {
  readonly name: string
  readonly unit: Unit
  readonly kind: ExternSpec["kind"]
  readonly weak: boolean
  readonly hidden: boolean
  /** BTF id in the unit; 0 when unknown. */
  readonly type: number
  /** Of a variable: the section and the place in it. */
  readonly section?: string
  readonly offset?: number
}

const KINDS = { function: "a function", variable: "a variable", map: "a map" } as const

/** The names that objects define for each other, and which of several definitions stands. */
export class LinkSymbols {
  readonly #definitions = new Map<string, Definition>()
  readonly #hidden = new Set<string>()

  /** @throws SkepError OBJECT_LINK_DUPLICATE */
  constructor(units: readonly Unit[]) {
    for (const unit of units) {
      for (const definition of definitionsOf(unit)) this.#define(definition)
      for (const { name, hidden } of unit.object.externs ?? []) if (hidden) this.#hidden.add(name)
    }
  }

  /** Whether a name is hidden in the end: one definition or declaration of it that is makes it so, even one that gives way. */
  isHidden(name: string): boolean {
    return this.#hidden.has(name)
  }

  /** The definition that stands for a name. */
  find(name: string): Definition | undefined {
    return this.#definitions.get(name)
  }

  /** Whether a unit's own definition of a name is the one that stands; true for a name that only it knows. */
  stands(unit: Unit, name: string): boolean {
    const found = this.#definitions.get(name)
    return found === undefined || found.unit === unit
  }

  /**
   * Where declarations of a unit are defined, by BTF id.
   * @throws SkepError OBJECT_LINK_MISSING (unless `partial`), OBJECT_LINK_KIND, OBJECT_LINK_TYPE
   */
  resolve(unit: Unit, partial: boolean): { replaced: Map<number, TypePlace>; left: ExternSpec[] } {
    const replaced = new Map<number, TypePlace>()
    const left: ExternSpec[] = []
    for (const extern of unit.object.externs ?? []) {
      const found = this.find(extern.name)
      if (found === undefined) {
        if (!extern.weak && !partial) throw missing(unit, extern)
        left.push(extern)
        continue
      }
      checkAgreement(unit, extern, found)
      if (extern.type !== 0 && found.type !== 0) replaced.set(extern.type, { input: found.unit.index, id: found.type })
    }
    return { replaced, left }
  }

  #define(definition: Definition): void {
    const { name } = definition
    if (definition.hidden) this.#hidden.add(name)
    const known = this.#definitions.get(name)
    if (known !== undefined && (known.weak || definition.weak)) checkBoth(known, definition)
    if (known === undefined || (known.weak && !definition.weak)) this.#definitions.set(name, definition)
    else if (!known.weak && !definition.weak) {
      throw new SkepError({
        code: "OBJECT_LINK_DUPLICATE",
        message: `${name} is defined twice: as ${KINDS[known.kind]} in ${known.unit.object.name} and as ${KINDS[definition.kind]} in ${definition.unit.object.name}`,
        hint: "make one of them static, or __weak where the other one is to stand",
      })
    }
  }
}

function* definitionsOf(unit: Unit): Generator<Definition> {
  const { object, btf } = unit
  const fn = ({ name, weak = false, hidden = false, btfId }: FunctionSpec): Definition => ({
    name,
    unit,
    kind: "function",
    weak,
    hidden,
    type: btfId,
  })
  for (const program of object.programs) yield fn(program)
  for (const spec of object.functions) if (spec.linkage === "global" || spec.hidden) yield fn(spec)
  for (const map of object.maps) {
    if (map.kconfig !== undefined) continue
    const { name, weak = false } = map
    if (isData(map)) {
      for (const symbol of symbolsOf(map, btf)) {
        if (symbol.linkage === "static") continue
        const type = variableOf(btf, map, symbol.name)
        const { weak = false, hidden = false, offset } = symbol
        yield { name: symbol.name, unit, kind: "variable", weak, hidden, type, section: name, offset }
      }
    } else yield { name, unit, kind: "map", weak, hidden: false, type: btf.find(name, "var") }
  }
}

/** Whether a map is a section of global data. */
export const isData = ({ data, type, structOps, kconfig }: MapSpec): boolean =>
  data !== undefined && type !== "arena" && structOps === undefined && kconfig === undefined

/** BTF id of a variable of a section; 0 when unknown. */
function variableOf(btf: Btf, map: MapSpec, name: string): number {
  const section = btf.type(btf.find(dataSection(map), "datasec"))
  if (section.kind !== "datasec") return 0
  return section.vars.find(({ type }) => btf.name(type) === name)?.type ?? 0
}

function checkAgreement(unit: Unit, extern: ExternSpec, found: Definition): void {
  const places = `${unit.object.name} declares it, ${found.unit.object.name} defines it`
  if (extern.kind !== found.kind) {
    throw new SkepError({
      code: "OBJECT_LINK_KIND",
      message: `${extern.name} is declared as ${KINDS[extern.kind]} and defined as ${KINDS[found.kind]}`,
      why: places,
      hint: "give one of them another name",
    })
  }
  const differs = extern.kind === "map" ? mapDiffers(unit, extern, found) : typeDiffers(unit, extern, found)
  if (differs === undefined) return
  throw new SkepError({
    code: "OBJECT_LINK_TYPE",
    message: `${extern.name} is not declared as it is defined: ${differs}`,
    why: places,
    hint: "put the declaration into a header that both include",
  })
}

/** A definition gives way only to one like it: its users were compiled for it. */
function checkBoth(known: Definition, other: Definition): void {
  const { name } = known
  const places = `${known.unit.object.name} defines it, and so does ${other.unit.object.name}`
  if (known.kind !== other.kind) {
    throw new SkepError({
      code: "OBJECT_LINK_KIND",
      message: `${name} is defined as ${KINDS[known.kind]} and as ${KINDS[other.kind]}`,
      why: places,
      hint: "give one of them another name",
    })
  }
  const differs = known.kind === "map" ? partDiffers(mapOf(known), mapOf(other)) : typeDiffers(known.unit, known, other)
  if (differs === undefined) return
  throw new SkepError({
    code: "OBJECT_LINK_TYPE",
    message: `the definitions of ${name} are not alike: ${differs}`,
    why: places,
    hint: "make them alike, or give one of them another name",
  })
}

function typeDiffers(unit: Unit, { type }: Pick<Definition, "type">, found: Definition): string | undefined {
  const other = found.unit.btf
  if (type === 0 || found.type === 0) return undefined
  return sameType(unit.btf, type, other, found.type) ? undefined : "the types differ"
}

const MAP_PARTS = ["type", "keySize", "valueSize", "maxEntries", "flags"] as const

function mapDiffers(unit: Unit, extern: ExternSpec, found: Definition): string | undefined {
  const declared = readExternMap(unit.btf, extern.type)
  return partDiffers(declared, mapOf(found))
}

const mapOf = ({ unit, name }: Definition): MapSpec | undefined => unit.object.maps.find(map => map.name === name)

function partDiffers(declared: MapSpec | undefined, defined: MapSpec | undefined): string | undefined {
  if (declared === undefined || defined === undefined) return undefined
  const part = MAP_PARTS.find(name => declared[name] !== defined[name])
  return part === undefined ? undefined : `${part} is ${declared[part]} and ${defined[part]}`
}

const missing = (unit: Unit, extern: ExternSpec): SkepError =>
  new SkepError({
    code: "OBJECT_LINK_MISSING",
    message: `no object defines ${KINDS[extern.kind].replace(/^a /, "")} ${extern.name}, which ${unit.object.name} uses`,
    hint: "link the object that defines it too; what the kernel provides is declared with __ksym or __kconfig",
  })

/** Opens the objects' BTF. */
export function unitsOf(objects: readonly BpfObject[]): Unit[] {
  return objects.map((object, index) => ({
    index,
    object,
    btf: Btf.parse(object.btf.length === 0 ? new BtfBuilder().encode() : object.btf),
  }))
}
