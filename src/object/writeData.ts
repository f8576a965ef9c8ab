import { type Btf, sizeOf } from "../btf/index.ts"
import { elfError } from "./elf.ts"
import * as f from "./elfFormat.ts"
import type { ElfWriter, SymbolRef } from "./elfWriter.ts"
import type { DataSymbol, MapSpec } from "./object.ts"
import { ARENA_SECTION, isData } from "./sectionNames.ts"

/** A place that a relocation can name. */
export interface Target {
  readonly symbol: SymbolRef
  /** Bytes behind the symbol. */
  readonly addend: number
}

/** A section of data in the file. */
export interface DataPlace {
  readonly index: number
  readonly section: SymbolRef
  readonly symbols: readonly { readonly spec: DataSymbol; readonly symbol: SymbolRef }[]
  readonly bytes: Uint8Array
}

/** The name of the section that a map of global data is. */
export function dataSection(map: MapSpec): string {
  if (map.type === "arena") return ARENA_SECTION
  if (isData(map.name)) return map.name
  return `${map.frozen ? ".rodata" : ".data"}.${map.name}`
}

/** Writes a section of global data with symbols for its variables. */
export function writeData(elf: ElfWriter, map: MapSpec, btf: Btf | undefined): DataPlace {
  const name = dataSection(map)
  const bytes = map.data!.slice()
  const zero = name === ".bss" || name.startsWith(".bss.")
  if (zero && bytes.some(byte => byte !== 0)) {
    throw elfError("OBJECT_BSS", `${name} has bytes that are not 0`, "data with initial values belongs in .data")
  }
  const index = elf.section({
    name,
    type: zero ? f.SHT_NOBITS : f.SHT_PROGBITS,
    flags: f.SHF_ALLOC | (map.frozen ? 0 : f.SHF_WRITE),
    data: bytes,
    align: map.align ?? 8,
  })
  const section = elf.symbol({ name: "", type: f.STT_SECTION, section: index })
  const symbols = symbolsOf(map, btf).map(spec => ({
    spec,
    symbol: elf.symbol({
      name: spec.name,
      section: index,
      value: spec.offset,
      size: spec.size,
      type: f.STT_OBJECT,
      bind: spec.weak ? f.STB_WEAK : spec.linkage === "global" ? f.STB_GLOBAL : f.STB_LOCAL,
      visibility: spec.hidden ? f.STV_HIDDEN : f.STV_DEFAULT,
    }),
  }))
  return { index, section, symbols, bytes }
}

/** The variables of a section: those the object lists, or those that BTF has in it. */
export function symbolsOf(map: MapSpec, btf: Btf | undefined): readonly DataSymbol[] {
  if (map.symbols !== undefined) return map.symbols
  const section = btf?.type(btf.find(dataSection(map), "datasec"))
  if (btf === undefined || section?.kind !== "datasec") return []
  return section.vars.flatMap(({ type, offset, size }): DataSymbol[] => {
    const variable = btf.type(type)
    if (variable.kind !== "var" || variable.linkage === "extern") return []
    return [{ name: variable.name, offset, size: size || sizeOf(btf, type), linkage: variable.linkage }]
  })
}

/** A byte of a section: by the global variable it is in, which a linker may find elsewhere, or by the section. */
export function targetAt({ section, symbols }: DataPlace, offset: number): Target {
  const named = symbols.find(
    ({ spec }) => spec.linkage === "global" && offset >= spec.offset && offset < spec.offset + Math.max(spec.size, 1),
  )
  if (named === undefined) return { symbol: section, addend: offset }
  return { symbol: named.symbol, addend: offset - named.spec.offset }
}
