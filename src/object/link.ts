import { SkepError } from "../base/index.ts"
import { type Merged, mergeBtf } from "../btf/index.ts"
import { LinkCode } from "./linkCode.ts"
import { LinkData } from "./linkData.ts"
import { isData, LinkSymbols, type Unit, unitsOf } from "./linkSymbols.ts"
import { rootsOf } from "./linkTypes.ts"
import type { BpfObject, DataSymbol, ExternSpec, MapSpec, SourceLine } from "./object.ts"
import { KCONFIG_SECTION } from "./sectionNames.ts"
import { dataSection, symbolsOf } from "./writeData.ts"

export interface LinkOptions {
  /** Name of the result, for messages; that of the first object without it. */
  readonly name?: string
  /** Leave what no object defines to a later linking. */
  readonly partial?: boolean
}

/**
 * One object out of several, as a static linker makes it: what one declares extern is what another one defines, weak
 * definitions give way to others, sections of data stand one after the other, types are there once.
 *
 *     a.c   extern int total; SEC("xdp") int prog(void *ctx) { return total; }
 *     b.c   int total = 3;                                                          →  one object, nothing extern
 *
 * Throws `OBJECT_LINK_DUPLICATE`, `OBJECT_LINK_MISSING`, `OBJECT_LINK_KIND`, `OBJECT_LINK_TYPE`, `OBJECT_LINK_LICENSE`.
 */
export function linkObjects(objects: readonly BpfObject[], options: LinkOptions = {}): BpfObject {
  const units = unitsOf(objects)
  const symbols = new LinkSymbols(units)
  const resolved = units.map(unit => symbols.resolve(unit, options.partial === true))
  const merged = mergeBtf(
    units.map((unit, i) => ({
      btf: unit.btf,
      roots: rootsOf(unit, symbols),
      replaced: resolved[i].replaced,
    })),
  )
  const data = new LinkData(units, symbols)
  const code = new LinkCode(units, symbols, data, merged)
  const { programs, functions } = code.link()
  const externs = new Map<string, ExternSpec>()
  for (const [i, { left }] of resolved.entries()) {
    for (const extern of left) {
      const known = externs.get(extern.name)
      const weak = extern.weak && (known === undefined || known.weak)
      const hidden = symbols.isHidden(extern.name)
      externs.set(extern.name, { ...extern, type: merged.id(i, extern.type), weak, ...(hidden && { hidden }) })
    }
  }
  return {
    name: options.name ?? objects[0]?.name ?? "",
    license: licenseOf(objects),
    programs,
    functions,
    maps: [...mapsOf(units, symbols, code, merged), ...dataOf(data, symbols, code, merged), ...optionsOf(data, merged)],
    lines: units.flatMap(({ object }): readonly SourceLine[] => object.lines),
    btf: merged.builder.nextId === 1 ? new Uint8Array() : merged.builder.encode(),
    ...(externs.size > 0 && { externs: [...externs.values()] }),
  }
}

function licenseOf(objects: readonly BpfObject[]): string {
  const first = objects.find(object => object.license !== "")
  const other = objects.find(object => object.license !== "" && object.license !== first?.license)
  if (first === undefined || other === undefined) return first?.license ?? ""
  throw new SkepError({
    code: "OBJECT_LINK_LICENSE",
    message: `${first.name} has the licence ${first.license} and ${other.name} ${other.license}`,
    hint: "programs that are linked have one licence",
  })
}

/** All maps but global data, with types and names of the result. */
function mapsOf(units: readonly Unit[], symbols: LinkSymbols, code: LinkCode, merged: Merged): MapSpec[] {
  return units.flatMap(unit =>
    unit.object.maps
      .filter(map => !isData(map) && map.kconfig === undefined && symbols.stands(unit, map.name))
      .map(map => linkedMap(map, unit, code, merged)),
  )
}

function linkedMap(map: MapSpec, unit: Unit, code: LinkCode, merged: Merged): MapSpec {
  const type = (id: number): number => merged.id(unit.index, id)
  const { structOps, innerSpec, eventType, values } = map
  return {
    ...map,
    keyType: type(map.keyType),
    valueType: type(map.valueType),
    ...(eventType !== undefined && { eventType: type(eventType) }),
    ...(innerSpec !== undefined && { innerSpec: linkedMap(innerSpec, unit, code, merged) }),
    ...(values !== undefined && {
      values: values.map(entry =>
        entry.program === undefined ? entry : { ...entry, program: code.nameOf(unit, entry.program) },
      ),
    }),
    ...(structOps !== undefined && {
      structOps: {
        ...structOps,
        type: type(structOps.type),
        programs: structOps.programs.map(p => ({ ...p, program: code.nameOf(unit, p.program) })),
      },
    }),
  }
}

/** The sections of data, and their description in BTF. */
function dataOf(data: LinkData, names: LinkSymbols, code: LinkCode, merged: Merged): MapSpec[] {
  return [...data.sections].map(([name, { parts, size }]) => {
    const [{ map: first }] = parts
    const bytes = new Uint8Array(size)
    const symbols: DataSymbol[] = []
    const vars: { type: number; offset: number; size: number }[] = []
    for (const { unit, map, base } of parts) {
      bytes.set(map.data!, base)
      const standing = symbolsOf(map, unit.btf).filter(
        symbol => symbol.linkage === "static" || code.stands(unit, symbol.name),
      )
      for (const symbol of standing) {
        const hidden = symbol.linkage === "global" && names.isHidden(symbol.name)
        symbols.push({ ...symbol, offset: symbol.offset + base, ...(hidden && { hidden }) })
      }
      const section = unit.btf.type(unit.btf.find(dataSection(map), "datasec"))
      if (section.kind !== "datasec") continue
      for (const entry of section.vars) {
        const type = merged.id(unit.index, entry.type)
        if (type !== 0) vars.push({ type, offset: entry.offset + base, size: entry.size })
      }
    }
    const relocations = parts.flatMap(part => code.dataRelocations(part.unit, part.map, part.base))
    const valueType =
      vars.length === 0 ? 0 : merged.builder.add({ kind: "datasec", name: dataSection(first), size, vars })
    const { symbols: _, dataRelocations: __, ...plain } = first
    const align = Math.max(...parts.map(({ map }) => map.align ?? 0))
    return {
      ...plain,
      ...(align > 0 && { align }),
      name,
      valueSize: size,
      data: bytes,
      valueType,
      ...(symbols.length > 0 && { symbols }),
      ...(relocations.length > 0 && { dataRelocations: relocations }),
    }
  })
}

function optionsOf(data: LinkData, merged: Merged): MapSpec[] {
  const kconfig = data.options.map(({ unit, spec }) => ({ ...spec, type: merged.id(unit.index, spec.type) }))
  if (kconfig.length === 0) return []
  const size = data.optionsSize
  const shape = { type: "array", keySize: 4, valueSize: size, maxEntries: 1, flags: 0x80, keyType: 0, valueType: 0 }
  return [{ name: KCONFIG_SECTION, ...shape, data: new Uint8Array(size), frozen: true, kconfig }]
}
