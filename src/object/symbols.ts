import type { Btf, VarType } from "../btf/index.ts"
import { KSYMS_SECTION, MAPS_SECTION } from "./describeMaps.ts"
import { type ElfFile, type ElfSection, type ElfSymbol, elfError } from "./elf.ts"
import * as f from "./elfFormat.ts"
import { LEGACY_MAPS_SECTION } from "./legacyMaps.ts"
import type { ExternSpec, KconfigSpec } from "./object.ts"
import type { ReadMap } from "./readMaps.ts"
import { ARENA_SECTION, isData, KCONFIG_SECTION } from "./sectionNames.ts"

/** What a place in a file, or a symbol without one, stands for. */
export type Named =
  | { readonly kind: "map"; readonly name: string }
  | { readonly kind: "data"; readonly map: string; readonly offset: number }
  | { readonly kind: "code"; readonly section: ElfSection; readonly offset: number }
  | { readonly kind: "kfunc"; readonly name: string; readonly weak: boolean }
  | { readonly kind: "ksym"; readonly name: string; readonly weak: boolean; readonly typed: boolean }
  | { readonly kind: "extern"; readonly name: string; readonly offset: number }

/** Tells what the symbols of a file name: maps, bytes of global data, code, things of the kernel, other objects'. */
export class Symbols {
  readonly #elf: ElfFile
  readonly #btf: Btf | undefined
  readonly #maps: readonly ReadMap[]
  readonly #kconfig: ReadonlyMap<string, KconfigSpec>
  /** Ids of variables and functions that BTF says the kernel provides. */
  readonly #ksyms = new Map<string, number>()
  readonly #externMaps: ReadonlySet<string>
  readonly #externs = new Map<string, ExternSpec>()

  constructor(
    elf: ElfFile,
    btf: Btf | undefined,
    maps: { readonly maps: readonly ReadMap[]; readonly externs: readonly string[] },
    kconfig: readonly KconfigSpec[],
  ) {
    this.#elf = elf
    this.#btf = btf
    this.#maps = maps.maps
    this.#externMaps = new Set(maps.externs)
    this.#kconfig = new Map(kconfig.map(spec => [spec.name, spec]))
    const section = btf?.type(btf.find(KSYMS_SECTION, "datasec"))
    if (btf !== undefined && section?.kind === "datasec") {
      for (const { type } of section.vars) this.#ksyms.set(btf.name(type), type)
    }
  }

  /** What other objects have to define, of all that has been asked for. */
  get externs(): readonly ExternSpec[] {
    return [...this.#externs.values()]
  }

  /** What stands `addend` bytes after a symbol; undefined for a place that means nothing. */
  at(symbol: ElfSymbol, addend: number, isCall = false): Named | undefined {
    if (symbol.section === f.SHN_UNDEF) return this.#outside(symbol, addend, isCall)
    const section = this.#elf.sections[symbol.section]
    if (section === undefined) return undefined
    const offset = symbol.value + addend
    if (section.name === MAPS_SECTION || section.name === LEGACY_MAPS_SECTION) {
      const map = this.#maps.find(m => m.section === section && m.offset === offset)
      return map === undefined ? undefined : { kind: "map", name: map.spec.name }
    }
    if ((section.flags & f.SHF_EXECINSTR) !== 0) return { kind: "code", section, offset }
    if (offset < 0 || offset > section.size) return undefined
    if (isData(section.name)) return { kind: "data", map: section.name, offset }
    if (section.name !== ARENA_SECTION) return undefined
    const arena = this.#maps.find(m => m.spec.type === "arena")
    if (arena === undefined) {
      throw elfError(
        "OBJECT_NO_MAP",
        `${symbol.name} is in an arena, and the file defines none`,
        "define a map of type BPF_MAP_TYPE_ARENA",
      )
    }
    return { kind: "data", map: arena.spec.name, offset }
  }

  #outside(symbol: ElfSymbol, addend: number, isCall: boolean): Named | undefined {
    const { name } = symbol
    const weak = symbol.bind === f.STB_WEAK
    const option = this.#kconfig.get(name)
    if (option !== undefined) return { kind: "data", map: KCONFIG_SECTION, offset: option.offset + addend }
    if (this.#btf === undefined && isCall) return { kind: "kfunc", name, weak }
    const known = this.#ksyms.get(name)
    if (known !== undefined) {
      if (isCall) return { kind: "kfunc", name, weak }
      const type = this.#btf!.type(known)
      return {
        kind: "ksym",
        name,
        weak,
        typed: type.kind === "func" || this.#btf!.resolve((type as VarType).type) !== 0,
      }
    }
    if (name === "") return undefined
    const isMap = this.#externMaps.has(name)
    const kind = isCall ? "function" : isMap ? "map" : this.#btf?.find(name, "func") ? "function" : "variable"
    const type = this.#btf?.find(name, kind === "function" ? "func" : "var") ?? 0
    const hidden = symbol.visibility === f.STV_HIDDEN
    this.#externs.set(name, { name, kind, type, weak, ...(hidden && { hidden }) })
    return isMap ? { kind: "map", name } : { kind: "extern", name, offset: addend }
  }
}
