import { SkepError } from "../base/index.ts"
import { isData, type LinkSymbols, type Unit } from "./linkSymbols.ts"
import type { KconfigSpec, MapSpec } from "./object.ts"
import { symbolsOf } from "./writeData.ts"

/** A place in a section of the result. */
export interface LinkedPlace {
  readonly map: string
  readonly offset: number
}

/** What a section of one object contributes to that of the result. */
interface Part {
  readonly unit: Unit
  readonly map: MapSpec
  readonly base: number
}

/** An option of the kernel's configuration, in the words of the first object that reads it. */
export interface LinkedOption {
  readonly unit: Unit
  readonly spec: KconfigSpec
}

interface Section {
  readonly parts: Part[]
  size: number
}

/** Sections start at multiples of this at least: what the largest load asks for. */
const ALIGN = 8

/** Where the bytes of all objects' sections of data go. */
export class LinkData {
  readonly #symbols: LinkSymbols
  readonly #sections = new Map<string, Section>()
  readonly #options = new Map<string, LinkedOption>()
  #optionsEnd = 0

  constructor(units: readonly Unit[], symbols: LinkSymbols) {
    this.#symbols = symbols
    for (const unit of units) {
      for (const map of unit.object.maps) {
        if (isData(map)) this.#append(unit, map)
        for (const option of map.kconfig ?? []) this.#option(unit, option)
      }
    }
  }

  get sections(): ReadonlyMap<string, { readonly parts: readonly Part[]; readonly size: number }> {
    return this.#sections
  }

  /** The options of all objects, with their new places. */
  get options(): readonly LinkedOption[] {
    return [...this.#options.values()]
  }

  get optionsSize(): number {
    return this.#optionsEnd
  }

  /** Where a byte of a unit's section is: where a stronger variable is, if it is in one that gave way. */
  place(unit: Unit, section: string, offset: number): LinkedPlace {
    const map = unit.object.maps.find(m => m.name === section)
    if (map?.kconfig !== undefined) return this.#optionPlace(map, offset)
    const symbols = map === undefined ? [] : symbolsOf(map, unit.btf)
    const symbol = symbols.find(s => s.weak && offset >= s.offset && offset < s.offset + s.size)
    const stronger = symbol && this.#symbols.find(symbol.name)
    if (symbol !== undefined && stronger !== undefined && stronger.unit !== unit) {
      return this.#own(stronger.unit, stronger.section!, stronger.offset! + offset - symbol.offset)
    }
    return this.#own(unit, section, offset)
  }

  /** Where a variable that stands is. */
  variable(name: string, offset: number): LinkedPlace | undefined {
    const found = this.#symbols.find(name)
    return found?.section === undefined ? undefined : this.#own(found.unit, found.section, found.offset! + offset)
  }

  #own(unit: Unit, section: string, offset: number): LinkedPlace {
    const part = this.#sections.get(section)?.parts.find(p => p.unit === unit)
    return { map: section, offset: offset + (part?.base ?? 0) }
  }

  #append(unit: Unit, map: MapSpec): void {
    let section = this.#sections.get(map.name)
    if (section === undefined) this.#sections.set(map.name, (section = { parts: [], size: 0 }))
    const align = map.align ?? ALIGN
    const base = Math.ceil(section.size / align) * align
    section.parts.push({ unit, map, base })
    section.size = base + map.data!.length
  }

  #option(unit: Unit, option: KconfigSpec): void {
    const known = this.#options.get(option.name)
    if (known !== undefined) {
      if (known.spec.size !== option.size) {
        throw new SkepError({
          code: "OBJECT_LINK_TYPE",
          message: `${option.name} has ${option.size} bytes in ${unit.object.name} and ${known.spec.size} in ${known.unit.object.name}`,
          hint: "declare it with one type in all of them",
        })
      }
      this.#options.set(option.name, { ...known, spec: { ...known.spec, weak: known.spec.weak && option.weak } })
      return
    }
    const align = [8, 4, 2].find(n => option.size % n === 0) ?? 1
    const offset = Math.ceil(this.#optionsEnd / align) * align
    this.#optionsEnd = offset + option.size
    this.#options.set(option.name, { unit, spec: { ...option, offset } })
  }

  #optionPlace(map: MapSpec, offset: number): LinkedPlace {
    const option = map.kconfig!.find(k => offset >= k.offset && offset < k.offset + k.size)
    const linked = option && this.#options.get(option.name)
    return { map: map.name, offset: linked === undefined ? offset : linked.spec.offset + offset - option!.offset }
  }
}
