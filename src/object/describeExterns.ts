import type { Btf, BtfBuilder, BtfSectionVar } from "../btf/index.ts"
import { KSYMS_SECTION } from "./describeMaps.ts"
import { elfError } from "./elf.ts"
import type { KconfigSpec, MapSpec } from "./object.ts"
import { KCONFIG_SECTION } from "./sectionNames.ts"

/** A function or variable of the kernel that code names. */
export interface KernelName {
  readonly name: string
  readonly isCalled: boolean
  /** A variable that is declared void. */
  readonly untyped: boolean
}

/** Lists what the kernel is to provide: functions and variables that the BTF declares, variables without a type. */
export function describeKsyms(builder: BtfBuilder, btf: Btf | undefined, names: readonly KernelName[]): void {
  if (names.length === 0 || (btf !== undefined && btf.find(KSYMS_SECTION, "datasec") !== 0)) return
  const vars = names.map(({ name, isCalled, untyped }): BtfSectionVar => {
    let type = btf?.find(name, "func") || (isCalled ? 0 : btf?.find(name, "var")) || 0
    if (type === 0 && untyped) type = builder.add({ kind: "var", name, type: 0, linkage: "extern" })
    if (type === 0) {
      throw elfError(
        "OBJECT_NO_PROTOTYPE",
        `the kernel's ${name} is used, and the object's BTF does not declare it`,
        "declare it extern in the program, with its types",
      )
    }
    return { type, offset: 0, size: 0 }
  })
  builder.add({ kind: "datasec", name: KSYMS_SECTION, size: 0, vars })
}

/** Lists the options of the kernel's configuration that programs read. */
export function describeKconfig(builder: BtfBuilder, btf: Btf | undefined, options: readonly KconfigSpec[]): void {
  if (options.length === 0 || (btf !== undefined && btf.find(KCONFIG_SECTION, "datasec") !== 0)) return
  const vars = options.map(
    ({ name, type, size }): BtfSectionVar => ({
      type: btf?.find(name, "var") || builder.add({ kind: "var", name, type, linkage: "extern" }),
      offset: 0,
      size,
    }),
  )
  builder.add({ kind: "datasec", name: KCONFIG_SECTION, size: 0, vars })
}

/** A variable in a section. */
export interface PlacedMap {
  readonly map: MapSpec
  readonly offset: number
}

/** Lists the tables of operations of a section. */
export function describeStructOps(
  builder: BtfBuilder,
  btf: Btf | undefined,
  section: string,
  size: number,
  tables: readonly PlacedMap[],
): void {
  if (btf !== undefined && btf.find(section, "datasec") !== 0) return
  const vars = tables.map(
    ({ map, offset }): BtfSectionVar => ({
      type:
        btf?.find(map.name, "var") ||
        builder.add({ kind: "var", name: map.name, type: map.structOps!.type, linkage: "global" }),
      offset,
      size: map.data!.length,
    }),
  )
  builder.add({ kind: "datasec", name: section, size, vars })
}
