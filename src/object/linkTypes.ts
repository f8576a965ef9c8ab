import { isData, type LinkSymbols, type Unit } from "./linkSymbols.ts"
import type { MapSpec } from "./object.ts"
import { dataSection } from "./writeData.ts"

/** BTF ids that an object's parts refer to: what is left of its types when it is linked. */
export function* rootsOf(unit: Unit, symbols: LinkSymbols): Generator<number> {
  const { object, btf } = unit
  for (const fn of [...object.programs, ...object.functions]) {
    if (fn.btfId !== 0 && ((fn.linkage === "static" && !fn.hidden) || symbols.stands(unit, fn.name))) yield fn.btfId
    for (const { type } of fn.core) if (type !== 0) yield type
    for (const relocation of fn.relocations) {
      if (relocation.kind !== "kfunc" && relocation.kind !== "ksym") continue
      const type = btf.find(relocation.name, "func") || btf.find(relocation.name, "var")
      if (type !== 0) yield type
    }
  }
  for (const map of object.maps) yield* rootsOfMap(unit, map, symbols)
  for (const { type } of object.externs ?? []) if (type !== 0) yield type
  yield* tags(unit, symbols)
}

function* rootsOfMap(unit: Unit, map: MapSpec, symbols: LinkSymbols): Generator<number> {
  const { btf } = unit
  for (const type of [map.keyType, isData(map) ? 0 : map.valueType, map.eventType ?? 0, map.structOps?.type ?? 0]) {
    if (type !== 0) yield type
  }
  if (map.innerSpec !== undefined) yield* rootsOfMap(unit, map.innerSpec, symbols)
  for (const { type, name } of map.kconfig ?? []) {
    yield type
    const variable = btf.find(name, "var")
    if (variable !== 0) yield variable
  }
  const section = isData(map) ? btf.type(btf.find(dataSection(map), "datasec")) : undefined
  if (section?.kind !== "datasec") return
  for (const { type } of section.vars) {
    const variable = btf.type(type)
    const isStatic = variable.kind === "var" && variable.linkage === "static"
    if (isStatic || symbols.stands(unit, variable.name)) yield type
  }
}

/** Tags of functions: the verifier reads them. */
function* tags(unit: Unit, symbols: LinkSymbols): Generator<number> {
  const { object, btf } = unit
  const standing = [...object.programs, ...object.functions].filter(
    fn => (fn.linkage === "static" && !fn.hidden) || symbols.stands(unit, fn.name),
  )
  const functions = new Set(standing.map(fn => fn.btfId))
  for (const id of btf.ids("decl_tag")) {
    const tag = btf.type(id)
    if (tag.kind === "decl_tag" && functions.has(tag.type)) yield id
  }
}
