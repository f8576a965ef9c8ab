import type { Btf } from "../btf/index.ts"
import type { BpfObject, DataSymbol, MapSpec } from "./object.ts"

/** A variable and where it is. */
export interface GlobalVariable {
  readonly name: string
  /** Map of its section. */
  readonly section: MapSpec
  readonly offset: number
  readonly size: number
  /** BTF id of its type; 0 when unknown. */
  readonly type: number
}

/** The variables of a program's data sections, those that only one file sees after the others. */
export function globalVariables(object: BpfObject, btf: Btf | undefined): ReadonlyMap<string, GlobalVariable> {
  const variables = new Map<string, GlobalVariable>()
  const statics: GlobalVariable[] = []
  for (const section of object.maps) {
    if (!section.name.includes(".") || section.type !== "array") continue
    const types = new Map<number, number>()
    const datasec = btf !== undefined && section.valueType !== 0 ? btf.type(section.valueType) : undefined
    if (datasec?.kind === "datasec") for (const { type, offset } of datasec.vars) types.set(offset, type)
    for (const { name, offset, size, linkage, type } of [
      ...(section.symbols ?? []).map(untyped),
      ...kconfigOf(section),
    ]) {
      const variable = { name, section, offset, size, type: types.get(offset) ?? type }
      if (linkage === "static") statics.push(variable)
      else variables.set(name, variable)
    }
  }
  for (const variable of statics) if (!variables.has(variable.name)) variables.set(variable.name, variable)
  return variables
}

/** The type of a variable stands in its section's. */
const untyped = (symbol: DataSymbol) => ({ ...symbol, type: 0 })

/** Those of the kernel's configuration have theirs with them, also where no section lists them. */
const kconfigOf = ({ kconfig }: MapSpec) => (kconfig ?? []).map(entry => ({ ...entry, linkage: "global" as const }))
