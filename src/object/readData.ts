import { type Btf, sizeOf } from "../btf/index.ts"

import { type ElfFile, type ElfSection, elfError } from "./elf.ts"
import * as f from "./elfFormat.ts"
import type { DataRelocation, DataSymbol, KconfigSpec, MapEntry, MapSpec } from "./object.ts"
import type { CodeReader } from "./readCode.ts"
import type { ReadMap } from "./readMaps.ts"
import { ARENA_SECTION, isData, isReadOnly, KCONFIG_SECTION, STRUCT_OPS_SECTIONS } from "./sectionNames.ts"
import type { Symbols } from "./symbols.ts"

/** `BPF_F_RDONLY_PROG`: programs may not write the map. */
const RDONLY_PROG = 0x80

const mapOf = (name: string, type: string, valueSize: number): MapSpec => ({
  name,
  type,
  keySize: 4,
  valueSize,
  maxEntries: 1,
  flags: 0,
  keyType: 0,
  valueType: 0,
})

/**
 * The variables of the kernel's configuration that a BTF declares. A file gives them no places: they stand one after
 * the other here, each where it is aligned.
 */
export function readKconfig(btf: Btf | undefined): KconfigSpec[] {
  const section = btf?.type(btf.find(KCONFIG_SECTION, "datasec"))
  if (btf === undefined || section?.kind !== "datasec") return []
  let end = 0
  return section.vars.map(({ type }) => {
    const variable = btf.type(type)
    const id = "type" in variable ? variable.type : 0
    const size = sizeOf(btf, id)
    const align = [8, 4, 2].find(n => size % n === 0) ?? 1
    const offset = Math.ceil(end / align) * align
    end = offset + size
    return { name: variable.name, offset, size, type: id, weak: false }
  })
}

/** Reads what is no code: sections of data, initial entries of maps, tables of operations. */
export class DataReader {
  readonly #elf: ElfFile
  readonly #btf: Btf | undefined
  readonly #symbols: Symbols
  readonly #code: CodeReader

  constructor(elf: ElfFile, btf: Btf | undefined, symbols: Symbols, code: CodeReader) {
    this.#elf = elf
    this.#btf = btf
    this.#symbols = symbols
    this.#code = code
  }

  /** All maps of the file. */
  maps(described: readonly ReadMap[], kconfig: readonly KconfigSpec[]): MapSpec[] {
    const maps = described.map(map => this.#described(map))
    for (const section of this.#elf.sections) {
      if ((section.flags & f.SHF_ALLOC) === 0 || section.size === 0) continue
      if (isData(section.name)) maps.push(this.#data(section))
      if (STRUCT_OPS_SECTIONS.includes(section.name)) maps.push(...this.#structOps(section))
    }
    if (kconfig.length > 0) maps.push(this.#kconfig(kconfig))
    return maps
  }

  #described({ spec, section, offset, size, valuesAt }: ReadMap): MapSpec {
    const symbol = this.#elf.symbols.find(s => s.section === section?.index && s.name === spec.name)
    const values = valuesAt === undefined ? [] : this.#values(spec.name, section, offset + valuesAt, offset + size)
    const arena = spec.type === "arena" ? this.#elf.section(ARENA_SECTION) : undefined
    return {
      ...spec,
      ...(values.length > 0 && { values }),
      ...(arena !== undefined && { data: this.#elf.data(arena).slice(), ...this.#parts(arena) }),
      ...(symbol?.bind === f.STB_WEAK && { weak: true }),
    }
  }

  /** What the relocations of `.maps` between two bytes put into a map. */
  #values(map: string, section: ElfSection | undefined, start: number, end: number): MapEntry[] {
    if (section === undefined) return []
    const values: MapEntry[] = []
    for (const { offset, symbol, addend } of this.#elf.relocations(section)) {
      if (offset < start || offset >= end) continue
      const index = (offset - start) / 8
      const named = this.#symbols.at(symbol, addend)
      if (named?.kind === "map") values.push({ index, map: named.name })
      else {
        const program = named?.kind === "code" ? this.#code.functionAt(named.section, named.offset) : undefined
        if (program === undefined) {
          throw elfError(
            "OBJECT_MAP_FORM",
            `entry ${index} of map ${map} is ${symbol.name}, neither a map nor a program`,
          )
        }
        values.push({ index, program })
      }
    }
    return values
  }

  #data(section: ElfSection): MapSpec {
    const frozen = isReadOnly(section.name)
    return {
      ...mapOf(section.name, "array", section.size),
      flags: frozen ? RDONLY_PROG : 0,
      valueType: this.#btf?.find(section.name, "datasec") ?? 0,
      data: this.#elf.data(section).slice(),
      ...(section.align > 8 && { align: section.align }),
      ...(frozen && { frozen }),
      ...this.#parts(section),
    }
  }

  #kconfig(kconfig: readonly KconfigSpec[]): MapSpec {
    const last = kconfig[kconfig.length - 1]
    const size = last.offset + last.size
    const weak = new Set(this.#elf.symbols.filter(s => s.bind === f.STB_WEAK).map(s => s.name))
    return {
      ...mapOf(KCONFIG_SECTION, "array", size),
      flags: RDONLY_PROG,
      data: new Uint8Array(size),
      frozen: true,
      kconfig: kconfig.map(spec => ({ ...spec, weak: weak.has(spec.name) })),
    }
  }

  #structOps(section: ElfSection): MapSpec[] {
    const datasec = this.#btf?.type(this.#btf.find(section.name, "datasec"))
    if (this.#btf === undefined || datasec?.kind !== "datasec") {
      throw elfError("OBJECT_STRUCT_OPS", `section ${section.name} holds tables of operations that no BTF describes`)
    }
    const bytes = this.#elf.data(section)
    const relocations = this.#elf.relocations(section)
    return datasec.vars.map(({ type, offset, size }) => {
      const variable = this.#btf!.type(type)
      const programs = relocations.flatMap(relocation => {
        const at = relocation.offset - offset
        if (at < 0 || at >= size) return []
        const named = this.#symbols.at(relocation.symbol, this.#addend(section, relocation.offset))
        const program = named?.kind === "code" ? this.#code.functionAt(named.section, named.offset) : undefined
        if (program === undefined) {
          throw elfError("OBJECT_STRUCT_OPS", `byte ${at} of ${variable.name} is ${relocation.symbol.name}, no program`)
        }
        return [{ offset: at, program }]
      })
      return {
        ...mapOf(variable.name, "struct_ops", size),
        data: bytes.slice(offset, offset + size),
        structOps: {
          type: this.#btf!.resolve("type" in variable ? variable.type : 0),
          link: section.name.endsWith(".link"),
          ...(section.name.startsWith("?") && { autoload: false }),
          programs,
        },
      }
    })
  }

  /** The variables of a section, and the addresses in it. */
  #parts(section: ElfSection): Pick<MapSpec, "symbols" | "dataRelocations"> {
    const symbols = this.#elf.symbols
      .filter(symbol => symbol.section === section.index && symbol.type === f.STT_OBJECT && symbol.name !== "")
      .sort((a, b) => a.value - b.value)
      .map(
        ({ name, value, size, bind, visibility }): DataSymbol => ({
          name,
          offset: value,
          size,
          linkage: bind === f.STB_LOCAL ? "static" : "global",
          ...(bind === f.STB_WEAK && { weak: true }),
          ...(visibility === f.STV_HIDDEN && { hidden: true }),
        }),
      )
    const dataRelocations = this.#elf.relocations(section).flatMap(({ offset, symbol }): DataRelocation[] => {
      const named = this.#symbols.at(symbol, this.#addend(section, offset))
      switch (named?.kind) {
        case "data":
          return [{ offset, target: named.map, addend: named.offset }]
        case "code": {
          const target = this.#code.functionAt(named.section, named.offset)
          return target === undefined ? [] : [{ offset, target, addend: 0 }]
        }
        default:
          return named === undefined ? [] : [{ offset, target: named.name, addend: 0 }]
      }
    })
    return { ...(symbols.length > 0 && { symbols }), ...(dataRelocations.length > 0 && { dataRelocations }) }
  }

  /** What is added to a symbol in initial data: it stands in the place itself. */
  #addend(section: ElfSection, offset: number): number {
    const bytes = this.#elf.data(section)
    if (offset + 8 > bytes.length) return 0
    return Number(new DataView(bytes.buffer, bytes.byteOffset).getBigInt64(offset, true))
  }
}
