import { Btf, type BtfType } from "../../btf/index.ts"
import { SLOT_BYTES } from "../../isa/index.ts"
import * as f from "../elfFormat.ts"
import type { ElfWriter, SymbolRef } from "../elfWriter.ts"
import type { BpfObject, FunctionSpec } from "../object.ts"
import { DwarfBytes, type DwarfSection } from "./bytes.ts"
import { type Attribute, Entries } from "./entries.ts"
import { AT, LANG_C11, RLE_END, RLE_START_LENGTH, TAG, UT_COMPILE } from "./format.ts"
import { writeLines } from "./line.ts"
import { named, TypeEntries } from "./types.ts"

/** What debug information says of how an object was made. */
export interface DebugOptions {
  /** The compiler and its version. */
  readonly producer: string
  /** The folder that names of files are relative to. */
  readonly directory: string
}

/** A function and where it stands in the file. */
export interface DebugFunction {
  readonly spec: FunctionSpec
  readonly symbol: SymbolRef
  /** Slots of its instructions from its start, and behind the last its length. */
  readonly slots: Int32Array
}

/**
 * Adds DWARF 5 to an object: the compile unit, its functions with their parameters and types, and the lines of their instructions. Tools
 * that show source (`llvm-objdump -S`, addr2line, perf) read it; the kernel and libbpf do not, they have BTF.
 */
export function writeDwarf(
  elf: ElfWriter,
  object: BpfObject,
  functions: readonly DebugFunction[],
  options: DebugOptions,
): void {
  const entries = new Entries()
  writeUnit(entries, object, functions, options)
  addSections(elf, {
    abbrev: entries.abbrev,
    info: entries.info,
    rnglists: rangeList(functions),
    str: entries.strings.bytes,
    line: writeLines(functions, object.lines, object.name, options.directory),
  })
}

/** Bytes before the first list of .debug_rnglists: the section's header. */
const RANGES_HEADER = 12

function writeUnit(
  entries: Entries,
  object: BpfObject,
  functions: readonly DebugFunction[],
  { producer, directory }: DebugOptions,
): void {
  const { info } = entries
  const unit = info.startUnit()
  info.u16(5)
  info.u8(UT_COMPILE, 8)
  info.reference("abbrev", 4)
  entries.add(
    TAG.compile_unit,
    [
      [AT.producer, "strp", producer],
      [AT.language, "data2", LANG_C11],
      [AT.name, "strp", object.name],
      [AT.stmt_list, "sec_offset", { to: "line" }],
      [AT.comp_dir, "strp", directory],
      [AT.low_pc, "addr", 0],
      [AT.ranges, "sec_offset", { to: "rnglists", addend: RANGES_HEADER }],
    ],
    true,
  )
  const btf = object.btf.length === 0 ? undefined : Btf.parse(object.btf)
  const types = btf && new TypeEntries(entries, btf)
  for (const { spec, symbol, slots } of functions) {
    const func: BtfType | undefined = spec.btfId === 0 ? undefined : btf?.type(spec.btfId)
    const proto = func?.kind === "func" ? btf?.type(func.type) : undefined
    const attributes: Attribute[] = [
      ...named(spec.name),
      [AT.prototyped, "flag_present", 0],
      [AT.low_pc, "addr", { to: symbol }],
      [AT.high_pc, "data4", slots[spec.insns.length] * SLOT_BYTES],
    ]
    if ((symbol.bind ?? f.STB_LOCAL) !== f.STB_LOCAL) attributes.push([AT.external, "flag_present", 0])
    if (types === undefined || proto?.kind !== "func_proto") {
      entries.add(TAG.subprogram, attributes)
      continue
    }
    entries.add(TAG.subprogram, [...attributes, ...types.typeOf(proto.type)], true)
    types.params(proto.params, proto.variadic)
    entries.end()
  }
  for (const kind of ["struct", "union", "enum", "enum64", "typedef"] as const) {
    for (const id of btf?.ids(kind) ?? []) types?.typeOf(id)
  }
  types?.flush()
  entries.end()
  entries.finish()
  info.endUnit(unit)
}

/** .debug_rnglists: the functions, which stand in several sections. */
function rangeList(functions: readonly DebugFunction[]): DwarfBytes {
  const out = new DwarfBytes()
  const unit = out.startUnit()
  out.u16(5)
  out.u8(8, 0)
  out.u32(0)
  for (const { spec, symbol, slots } of functions) {
    out.u8(RLE_START_LENGTH)
    out.reference(symbol, 8)
    out.uleb(slots[spec.insns.length] * SLOT_BYTES)
  }
  out.u8(RLE_END)
  out.endUnit(unit)
  return out
}

function addSections(elf: ElfWriter, sections: Readonly<Record<DwarfSection, DwarfBytes>>): void {
  const names = Object.keys(sections) as DwarfSection[]
  const placed = names.map(name => {
    const strings = name === "str" ? { flags: f.SHF_MERGE | f.SHF_STRINGS, entrySize: 1 } : {}
    const section = elf.section({
      name: `.debug_${name}`,
      type: f.SHT_PROGBITS,
      data: sections[name].encode(),
      ...strings,
    })
    return { name, section, symbol: elf.symbol({ name: "", type: f.STT_SECTION, section }) }
  })
  for (const { name, section } of placed) {
    for (const { at, bytes, to } of sections[name].references) {
      const symbol = typeof to === "string" ? placed.find(other => other.name === to)!.symbol : to
      elf.relocation(section, at, bytes === 8 ? f.R_BPF_64_ABS64 : f.R_BPF_64_ABS32, symbol)
    }
  }
}
