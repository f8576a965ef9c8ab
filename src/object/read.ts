import type { SkepError } from "../base/index.ts"
import { Btf, type BtfExt, decodeBtfExt } from "../btf/index.ts"
import {
  BPF_PSEUDO_CALL,
  BPF_PSEUDO_FUNC,
  BPF_PSEUDO_MAP_FD,
  BPF_PSEUDO_MAP_VALUE,
  callKfunc,
  callSub,
  decodeInsns,
  type Insn,
  lddw,
  OP_CALL,
  OP_LDDW,
  SLOT_BYTES,
  slotStarts,
} from "../isa/index.ts"
import { ElfFile, type ElfRelocation, type ElfSection, type ElfSymbol, elfError } from "./elf.ts"
import * as f from "./elfFormat.ts"
import { continueBtf, MAPS_SECTION, readMaps } from "./mapBtf.ts"
import type { BpfObject, FunctionSpec, LineInfo, MapSpec, ProgramSpec, Relocation, SourceLine } from "./object.ts"
import { meaningOfSection } from "./sections.ts"
import { isData, TEXT_SECTION } from "./write.ts"

/** `BPF_F_RDONLY_PROG`: programs may not write the map. */
const RDONLY_PROG = 0x80

/**
 * Reads an object file: what {@link writeElf} writes, and files of other compilers as far as they keep to it. What is
 * not there yet is refused, not left out: CO-RE relocations (`OBJECT_CORE`), `SEC("maps")` (`OBJECT_LEGACY_MAPS`), other
 * variables of the kernel (`OBJECT_EXTERN`), big-endian objects (`OBJECT_BIG_ENDIAN`). Faults of the file are
 * `OBJECT_ELF_…`, `OBJECT_NOT_BPF`, `OBJECT_CODE`, `OBJECT_RELOCATION`, `OBJECT_MAP_…`, and what the readers of
 * instructions (`ISA_…`) and of BTF (`BTF_…`) throw. `name` is for messages, where the file does not say its source.
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
  return new ObjectReader(elf, name).read()
}

/** A function and where it stands. */
interface Place {
  readonly symbol: ElfSymbol
  readonly insns: Insn[]
  readonly slots: Int32Array
  readonly relocations: Relocation[]
}

class ObjectReader {
  readonly #elf: ElfFile
  readonly #name: string
  readonly #btf: Btf | undefined
  readonly #ext: BtfExt
  readonly #lines: SourceLine[] = []
  readonly #lineNumbers = new Map<string, number>()
  /** Functions of each section of code, by the slot they start at. */
  readonly #places = new Map<ElfSection, Map<number, Place>>()

  constructor(elf: ElfFile, name: string) {
    this.#elf = elf
    this.#name = name
    const btf = elf.section(".BTF")
    const ext = elf.section(".BTF.ext")
    this.#btf = btf === undefined || btf.size === 0 ? undefined : Btf.parse(elf.data(btf))
    this.#ext =
      ext === undefined || this.#btf === undefined
        ? { funcs: [], lines: [], relos: [] }
        : decodeBtfExt(elf.data(ext), this.#btf)
  }

  read(): BpfObject {
    const elf = this.#elf
    if (this.#ext.relos.some(section => section.records.length > 0)) {
      throw elfError(
        "OBJECT_CORE",
        "this object has CO-RE relocations, which are not read yet",
        "compile its source with skep, which reads the kernel's types when it compiles",
      )
    }
    const legacy = elf.section("maps")
    if (legacy !== undefined && legacy.size > 0) {
      throw elfError(
        "OBJECT_LEGACY_MAPS",
        'this object defines maps in SEC("maps"), which is not read',
        `define them in SEC("${MAPS_SECTION}")`,
      )
    }
    const described = this.#btf === undefined ? { maps: [], end: 1 } : readMaps(this.#btf)
    const data = elf.sections.filter(section => isData(section.name) && (section.flags & f.SHF_ALLOC) !== 0)
    const code = elf.sections.filter(section => (section.flags & f.SHF_EXECINSTR) !== 0 && section.size > 0)
    for (const section of code) this.#places.set(section, this.#readCode(section))
    for (const section of code) this.#relocate(section, described.maps)
    const functions: FunctionSpec[] = []
    const programs: ProgramSpec[] = []
    for (const [section, places] of this.#places) {
      for (const place of places.values()) {
        const fn = this.#function(section, place)
        if (section.name === TEXT_SECTION) functions.push(fn)
        else programs.push({ ...fn, section: section.name, ...meaningOfSection(section.name) })
      }
    }
    return {
      name: elf.symbols.find(symbol => symbol.type === f.STT_FILE)?.name || this.#name,
      license: this.#license(),
      programs,
      functions,
      maps: [...described.maps, ...data.map(section => this.#dataMap(section))],
      btf: described.end <= 1 ? new Uint8Array() : continueBtf(this.#btf, described.end).encode(),
      lines: this.#lines,
    }
  }

  #license(): string {
    const section = this.#elf.section("license")
    if (section === undefined) return ""
    const bytes = this.#elf.data(section)
    const end = bytes.indexOf(0)
    return new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end))
  }

  #dataMap(section: ElfSection): MapSpec {
    const frozen = (section.flags & f.SHF_WRITE) === 0
    return {
      name: section.name,
      type: "array",
      keySize: 4,
      valueSize: section.size,
      maxEntries: 1,
      flags: frozen ? RDONLY_PROG : 0,
      keyType: 0,
      valueType: this.#btf?.find(section.name, "datasec") ?? 0,
      data: this.#elf.data(section).slice(),
      ...(frozen && { frozen }),
    }
  }

  #readCode(section: ElfSection): Map<number, Place> {
    const bytes = this.#elf.data(section)
    const symbols = this.#elf.symbols
      .filter(symbol => symbol.section === section.index && symbol.type === f.STT_FUNC)
      .sort((a, b) => a.value - b.value)
    const places = new Map<number, Place>()
    let end = 0
    for (const symbol of symbols) {
      const { name, value, size } = symbol
      if (value !== end || size === 0 || size % SLOT_BYTES !== 0 || value + size > bytes.length) {
        throw badCode(section, `function ${name} is ${size} bytes at byte ${value}, where byte ${end} was expected`)
      }
      end = value + size
      const insns = decodeInsns(bytes.subarray(value, end))
      places.set(value / SLOT_BYTES, { symbol, insns, slots: slotStarts(insns), relocations: [] })
    }
    if (end !== bytes.length) throw badCode(section, `the code from byte ${end} on belongs to no function`)
    return places
  }

  /** Turns the relocations of a section, and calls inside it that need none, into those of its functions. */
  #relocate(section: ElfSection, maps: readonly MapSpec[]): void {
    const places = this.#places.get(section)!
    const list = [...places.values()]
    for (const relocation of this.#elf.relocations(section)) {
      // Functions cover the section without gaps, and the relocation is inside it.
      const place = list.findLast(({ symbol }) => symbol.value <= relocation.offset)!
      const slot = (relocation.offset - place.symbol.value) / SLOT_BYTES
      const insn = place.slots.indexOf(slot)
      if (insn < 0 || insn >= place.insns.length) {
        throw badRelocation(place, relocation, "is at no instruction")
      }
      const found = this.#relocation(place, relocation, insn, maps)
      place.relocations.push(found)
      place.insns[insn] = marked(place.insns[insn], found)
    }
    for (const place of list) this.#localCalls(section, place)
  }

  #relocation(place: Place, relocation: ElfRelocation, insn: number, maps: readonly MapSpec[]): Relocation {
    const { symbol, type } = relocation
    const { op, imm } = place.insns[insn]
    if (type === f.R_BPF_64_32 && op === OP_CALL) {
      if (symbol.section === f.SHN_UNDEF) return { kind: "kfunc", insn, name: symbol.name }
      const at = symbol.type === f.STT_SECTION ? symbol.value + (imm + 1) * SLOT_BYTES : symbol.value
      return { kind: "call", insn, function: this.#functionAt(place, relocation, at) }
    }
    if (type !== f.R_BPF_64_64 || op !== OP_LDDW) throw badRelocation(place, relocation, "is of no known kind")
    const section = this.#elf.sections[symbol.section]
    if (symbol.section === f.SHN_UNDEF) {
      throw elfError(
        "OBJECT_EXTERN",
        `${place.symbol.name} uses ${symbol.name}, a variable of the kernel, which is not read yet`,
        "compile the source with skep",
      )
    }
    if (section?.name === MAPS_SECTION) {
      const map = maps.find(m => m.name === symbol.name)
      if (map === undefined) throw badRelocation(place, relocation, "names no map")
      return { kind: "map", insn, map: map.name }
    }
    if (section !== undefined && isData(section.name)) {
      const offset = symbol.value + imm
      if (offset < 0 || offset > section.size) throw badRelocation(place, relocation, "is outside its section")
      return { kind: "mapValue", insn, map: section.name, offset }
    }
    return { kind: "function", insn, function: this.#functionAt(place, relocation, symbol.value + imm) }
  }

  /** The subprogram that starts at a byte of the section of a relocation's symbol. */
  #functionAt(place: Place, relocation: ElfRelocation, at: number): string {
    const section = this.#elf.sections[relocation.symbol.section]
    const found = section?.name === TEXT_SECTION ? this.#places.get(section)?.get(at / SLOT_BYTES) : undefined
    if (found === undefined) throw badRelocation(place, relocation, "names no subprogram")
    return found.symbol.name
  }

  /** Calls between functions of a section have no relocation where the compiler knows the distance. */
  #localCalls(section: ElfSection, place: Place): void {
    const known = new Set(place.relocations.map(relocation => relocation.insn))
    for (const [i, insn] of place.insns.entries()) {
      if (insn.op !== OP_CALL || insn.src !== BPF_PSEUDO_CALL || known.has(i)) continue
      const slot = place.symbol.value / SLOT_BYTES + place.slots[i] + 1 + insn.imm
      const target = section.name === TEXT_SECTION ? this.#places.get(section)?.get(slot) : undefined
      if (target === undefined) {
        throw badCode(
          section,
          `instruction ${i} of ${place.symbol.name} calls slot ${slot}, where no subprogram starts`,
        )
      }
      place.relocations.push({ kind: "call", insn: i, function: target.symbol.name })
      place.insns[i] = callSub(-1)
    }
    place.relocations.sort((a, b) => a.insn - b.insn)
  }

  #function(section: ElfSection, place: Place): FunctionSpec {
    const { symbol, insns, relocations, slots } = place
    const start = symbol.value
    const funcs = this.#ext.funcs.find(part => part.section === section.name)?.records
    const lines = this.#ext.lines.find(part => part.section === section.name)?.records ?? []
    const lineInfo: LineInfo[] = []
    for (const { insn, file, text, line, column } of lines) {
      if (insn < start || insn >= start + symbol.size) continue
      const index = slots.indexOf((insn - start) / SLOT_BYTES)
      if (index >= 0 && index < insns.length) lineInfo.push({ insn: index, line: this.#line(file, text, line), column })
    }
    return {
      name: symbol.name,
      insns,
      relocations,
      btfId: funcs?.find(record => record.insn === start)?.type ?? 0,
      core: [],
      lineInfo,
      linkage: section.name === TEXT_SECTION && symbol.visibility === f.STV_HIDDEN ? "static" : "global",
    }
  }

  /** Index of a source line in the object's list. */
  #line(file: string, text: string, line: number): number {
    const key = `${line} ${file}\0${text}`
    let index = this.#lineNumbers.get(key)
    if (index === undefined) {
      index = this.#lines.push({ file, text, line }) - 1
      this.#lineNumbers.set(key, index)
    }
    return index
  }
}

/** The instruction as one that waits for a loader. */
function marked(insn: Insn, relocation: Relocation): Insn {
  switch (relocation.kind) {
    case "map":
      return lddw(insn.dst, BPF_PSEUDO_MAP_FD, 0, 0)
    case "mapValue":
      return lddw(insn.dst, BPF_PSEUDO_MAP_VALUE, 0, relocation.offset)
    case "function":
      return lddw(insn.dst, BPF_PSEUDO_FUNC, 0, 0)
    case "call":
      return callSub(-1)
    case "kfunc":
      return callKfunc(0)
    default:
      return lddw(insn.dst, 0, 0, 0)
  }
}

const badCode = (section: ElfSection, message: string): SkepError =>
  elfError("OBJECT_CODE", `section ${section.name}: ${message}`)

const badRelocation = (place: Place, { offset, type, symbol }: ElfRelocation, what: string): SkepError =>
  elfError(
    "OBJECT_RELOCATION",
    `the relocation at byte ${offset} in ${place.symbol.name} (type ${type}, symbol ${symbol.name || symbol.index}) ${what}`,
  )
