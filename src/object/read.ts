import { type Btf, type BtfExt, decodeBtfExt } from "../btf/index.ts"
import { continueBtf, MAPS_SECTION } from "./describeMaps.ts"
import { ElfFile, elfError } from "./elf.ts"
import * as f from "./elfFormat.ts"
import { readLegacyMaps } from "./legacyMaps.ts"
import type { BpfObject } from "./object.ts"
import { readBtf } from "./placeVars.ts"
import { CodeReader } from "./readCode.ts"
import { DataReader, readKconfig } from "./readData.ts"
import { readMaps } from "./readMaps.ts"
import { Symbols } from "./symbols.ts"

/**
 * Reads an object file: what {@link writeElf} writes, what clang and gcc write for BPF, what libbpf's linker writes.
 * Big-endian objects are refused (`OBJECT_BIG_ENDIAN`). Faults of the file are `OBJECT_LEGACY_MAPS`, `OBJECT_ELF_…`, `OBJECT_NOT_BPF`, `OBJECT_CODE`, `OBJECT_STATIC_PROGRAM`, `OBJECT_RELOCATION`, `OBJECT_MAP_…`,
 * `OBJECT_STRUCT_OPS`, and what the readers of instructions (`ISA_…`) and of BTF (`BTF_…`) throw. `name` is for
 * messages, where the file does not say its source.
 */
export function readElf(bytes: Uint8Array, name = ""): BpfObject {
  const elf = new ElfFile(bytes)
  if (elf.machine !== f.EM_BPF || elf.type !== f.ET_REL) {
    throw elfError(
      "OBJECT_NOT_BPF",
      "this ELF file is no BPF object",
      "compile with --emit=obj, or clang --target=bpf -c",
    )
  }
  if (!elf.littleEndian) {
    throw elfError("OBJECT_BIG_ENDIAN", "this object is for big-endian machines", "compile it for bpfel")
  }
  const btf = readBtf(elf)
  const code = new CodeReader(elf, btf, readExt(elf, btf))
  const section = elf.section(MAPS_SECTION)
  const read = btf === undefined ? { maps: [], externs: [], end: 1 } : readMaps(btf, section)
  const described = { ...read, maps: [...read.maps, ...readLegacyMaps(elf, btf)] }
  const kconfig = readKconfig(btf)
  const symbols = new Symbols(elf, btf, described, kconfig)
  code.relocate(symbols)
  const { programs, functions } = code.read()
  const maps = new DataReader(elf, btf, symbols, code).maps(described.maps, kconfig)
  const { externs } = symbols
  return {
    name: elf.symbols.find(symbol => symbol.type === f.STT_FILE)?.name || name,
    license: readLicense(elf),
    programs,
    functions,
    maps,
    btf: btf === undefined || described.end <= 1 ? new Uint8Array() : ownTypes(btf, described.end),
    lines: code.lines,
    ...(externs.length > 0 && { externs }),
  }
}

function readExt(elf: ElfFile, btf: Btf | undefined): BtfExt {
  const ext = elf.section(".BTF.ext")
  if (ext === undefined || btf === undefined) return { funcs: [], lines: [], relos: [] }
  return decodeBtfExt(elf.data(ext), btf)
}

/** The types below an id: a file's without what only describes its maps. */
function ownTypes(btf: Btf, end: number): Uint8Array {
  return end === btf.count ? btf.bytes : continueBtf(btf, end).encode()
}

function readLicense(elf: ElfFile): string {
  const section = elf.section("license")
  if (section === undefined) return ""
  const bytes = elf.data(section)
  const end = bytes.indexOf(0)
  return new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end))
}
