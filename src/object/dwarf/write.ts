import { Btf } from "../../btf/index.ts"
import { SLOT_BYTES } from "../../isa/index.ts"
import * as f from "../elfFormat.ts"
import type { ElfWriter, SymbolRef } from "../elfWriter.ts"
import type { BpfObject, FunctionSpec } from "../object.ts"
import type { DwarfBytes, DwarfSection } from "./bytes.ts"
import { Entries } from "./entries.ts"
import { AT, LANG_C11, RLE_END, RLE_START_LENGTH, TAG, UT_COMPILE } from "./format.ts"
import { FunctionEntries } from "./functions.ts"
import { writeLines } from "./line.ts"
import { Lists } from "./lists.ts"
import { TypeEntries } from "./types.ts"

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
 * Adds DWARF 5 to an object: the compile unit, its functions with their scopes, variables and types, and the lines of their instructions. Tools
 * that show source (`llvm-objdump -S`, addr2line, perf) read it; the kernel and libbpf do not, they have BTF.
 */
export function writeDwarf(
  elf: ElfWriter,
  object: BpfObject,
  functions: readonly DebugFunction[],
  options: DebugOptions,
): void {
  const entries = new Entries()
  const files = new Map([[object.name, 0]])
  for (const { file } of object.lines) if (!files.has(file)) files.set(file, files.size)
  for (const file of object.debug?.files ?? []) if (!files.has(file)) files.set(file, files.size)
  const lists = new Lists()
  const unit = lists.ranges.length
  rangesOfUnit(lists.ranges, functions)
  writeUnit(entries, lists, unit, files, object, functions, options)
  lists.end()
  addSections(elf, {
    abbrev: entries.abbrev,
    info: entries.info,
    ...(lists.hasLocations && { loclists: lists.locations }),
    rnglists: lists.ranges,
    str: entries.strings.bytes,
    line: writeLines(functions, object.lines, files, options.directory),
  })
}

function writeUnit(
  entries: Entries,
  lists: Lists,
  ranges: number,
  files: ReadonlyMap<string, number>,
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
      [AT.ranges, "sec_offset", { to: "rnglists", addend: ranges }],
    ],
    true,
  )
  const encoded = object.debug?.btf ?? object.btf
  const btf = encoded.length === 0 ? undefined : Btf.parse(encoded)
  const types = btf && new TypeEntries(entries, btf)
  const fileNumbers = (object.debug?.files ?? []).map(file => files.get(file)!)
  const writer = new FunctionEntries(entries, lists, btf, types, fileNumbers)
  for (const fn of functions) writer.write(fn)
  writer.finish()
  for (const kind of ["struct", "union", "enum", "enum64", "typedef"] as const) {
    for (const id of btf?.ids(kind) ?? []) types?.typeOf(id)
  }
  types?.flush()
  entries.end()
  entries.finish()
  info.endUnit(unit)
}

/** The functions, which stand in several sections. */
function rangesOfUnit(out: DwarfBytes, functions: readonly DebugFunction[]): void {
  for (const { spec, symbol, slots } of functions) {
    out.u8(RLE_START_LENGTH)
    out.reference(symbol, 8)
    out.uleb(slots[spec.insns.length] * SLOT_BYTES)
  }
  out.u8(RLE_END)
}

function addSections(elf: ElfWriter, sections: Readonly<Partial<Record<DwarfSection, DwarfBytes>>>): void {
  const placed = (Object.entries(sections) as [DwarfSection, DwarfBytes][]).map(([name, bytes]) => {
    const strings = name === "str" ? { flags: f.SHF_MERGE | f.SHF_STRINGS, entrySize: 1 } : {}
    const section = elf.section({
      name: `.debug_${name}`,
      type: f.SHT_PROGBITS,
      data: bytes.encode(),
      ...strings,
    })
    return { name, bytes, section, symbol: elf.symbol({ name: "", type: f.STT_SECTION, section }) }
  })
  for (const { bytes: written, section } of placed) {
    for (const { at, bytes, to } of written.references) {
      const symbol = typeof to === "string" ? placed.find(other => other.name === to)!.symbol : to
      elf.relocation(section, at, bytes === 8 ? f.R_BPF_64_ABS64 : f.R_BPF_64_ABS32, symbol)
    }
  }
}
