import type { Merged } from "../btf/index.ts"
import type { LinkData } from "./linkData.ts"
import type { LinkSymbols, Unit } from "./linkSymbols.ts"
import type { DataRelocation, FunctionSpec, MapSpec, ProgramSpec, Relocation } from "./object.ts"

/** The functions of all objects as those of one. */
export class LinkCode {
  readonly #units: readonly Unit[]
  readonly #symbols: LinkSymbols
  readonly #data: LinkData
  readonly #merged: Merged
  /** Names of static functions that another function or map has, too, by unit and name. */
  readonly #renamed = new Map<string, string>()

  constructor(units: readonly Unit[], symbols: LinkSymbols, data: LinkData, merged: Merged) {
    this.#units = units
    this.#symbols = symbols
    this.#data = data
    this.#merged = merged
    this.#rename()
  }

  link(): { programs: ProgramSpec[]; functions: FunctionSpec[] } {
    const programs: ProgramSpec[] = []
    const functions: FunctionSpec[] = []
    let lines = 0
    for (const unit of this.#units) {
      const { object } = unit
      for (const program of object.programs) {
        if (this.stands(unit, program.name)) programs.push(this.#function(unit, program, lines))
      }
      for (const fn of object.functions) {
        const isOwn = fn.linkage === "static" && !fn.hidden
        if (!isOwn && !this.stands(unit, fn.name)) continue
        const linked = this.#function(unit, fn, lines)
        const hides = !isOwn && this.#symbols.isHidden(fn.name)
        functions.push(hides ? { ...linked, linkage: "static", hidden: true } : linked)
      }
      lines += object.lines.length
    }
    return { programs, functions }
  }

  /** The name that a function of a unit has in the result. */
  nameOf(unit: Unit, name: string): string {
    return this.#renamed.get(`${unit.index} ${name}`) ?? name
  }

  stands(unit: Unit, name: string): boolean {
    return this.#symbols.stands(unit, name)
  }

  /** Addresses in a section of data that moves by `base`. */
  dataRelocations(unit: Unit, map: MapSpec, base: number): DataRelocation[] {
    return (map.dataRelocations ?? []).map(({ offset, target, addend }) => {
      const section = unit.object.maps.find(m => m.name === target)
      const isData = section?.data !== undefined && section.structOps === undefined
      const place = isData ? this.#data.place(unit, target, addend) : this.#data.variable(target, addend)
      const to =
        place === undefined
          ? { target: this.nameOf(unit, target), addend }
          : { target: place.map, addend: place.offset }
      return { offset: offset + base, ...to }
    })
  }

  /** Static functions keep their names where they can. */
  #rename(): void {
    const taken = new Set<string>()
    const isStatic = (fn: FunctionSpec): boolean => fn.linkage === "static" && !fn.hidden
    for (const { object } of this.#units) {
      for (const { name } of [...object.programs, ...object.maps]) taken.add(name)
      for (const fn of object.functions) if (!isStatic(fn)) taken.add(fn.name)
    }
    for (const { object, index } of this.#units) {
      for (const fn of object.functions) {
        if (!isStatic(fn)) continue
        let name = fn.name
        for (let n = 1; taken.has(name); n++) name = `${fn.name}.${n}`
        taken.add(name)
        if (name !== fn.name) this.#renamed.set(`${index} ${fn.name}`, name)
      }
    }
  }

  #function<F extends FunctionSpec>(unit: Unit, fn: F, lines: number): F {
    const isOwn = fn.linkage === "static" && !fn.hidden
    return {
      ...fn,
      name: isOwn ? this.nameOf(unit, fn.name) : fn.name,
      btfId: this.#merged.id(unit.index, fn.btfId),
      core: fn.core.map(core => ({ ...core, type: this.#merged.id(unit.index, core.type) })),
      lineInfo: fn.lineInfo.map(info => ({ ...info, line: info.line + lines })),
      relocations: fn.relocations.map(relocation => this.#relocation(unit, relocation)),
    }
  }

  #relocation(unit: Unit, relocation: Relocation): Relocation {
    const { insn } = relocation
    switch (relocation.kind) {
      case "call":
      case "function":
        return { ...relocation, function: this.nameOf(unit, relocation.function) }
      case "mapValue": {
        const { map } = relocation
        const spec = unit.object.maps.find(m => m.name === map)
        if (spec?.type === "arena" || spec?.data === undefined) return relocation
        return { kind: "mapValue", insn, ...this.#data.place(unit, map, relocation.offset) }
      }
      case "extern": {
        const place = this.#data.variable(relocation.name, relocation.offset)
        return place === undefined ? relocation : { kind: "mapValue", insn, ...place }
      }
      default:
        return relocation
    }
  }
}
