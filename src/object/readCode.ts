import type { SkepError } from "../base/index.ts"
import type { Btf, BtfExt, BtfExtSection } from "../btf/index.ts"
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
import { type ElfFile, type ElfRelocation, type ElfSection, type ElfSymbol, elfError } from "./elf.ts"
import * as f from "./elfFormat.ts"
import type { FunctionSpec, ProgramSpec, Relocation, SourceLine } from "./object.ts"
import { TEXT_SECTION } from "./sectionNames.ts"
import { meaningOfSection } from "./sections.ts"
import type { Symbols } from "./symbols.ts"

/** A function and where it stands. */
interface Place {
  readonly symbol: ElfSymbol
  readonly section: ElfSection
  readonly insns: Insn[]
  readonly slots: Int32Array
  /** Index of the instruction that starts at a slot, −1 inside one. */
  readonly indexes: Int32Array
  readonly relocations: Relocation[]
}

/** The functions of a file's sections of code. */
export class CodeReader {
  readonly lines: SourceLine[] = []
  readonly #elf: ElfFile
  readonly #btf: Btf | undefined
  readonly #ext: BtfExt
  readonly #lineNumbers = new Map<string, number>()
  /** Functions of each section of code, by the byte they start at. */
  readonly #places = new Map<ElfSection, Map<number, Place>>()

  constructor(elf: ElfFile, btf: Btf | undefined, ext: BtfExt) {
    this.#elf = elf
    this.#btf = btf
    this.#ext = ext
    for (const section of elf.sections) {
      if ((section.flags & f.SHF_EXECINSTR) !== 0 && section.size > 0) {
        this.#places.set(section, this.#readSection(section))
      }
    }
  }

  /** Turns relocations of the file, and calls inside a section that need none, into those of its functions. */
  relocate(symbols: Symbols): void {
    for (const [section, places] of this.#places) {
      const list = [...places.values()]
      for (const relocation of this.#elf.relocations(section)) {
        const place = list.findLast(({ symbol }) => symbol.value <= relocation.offset)
        // Linkers leave the code of weak functions that gave way, without a symbol.
        if (place === undefined || relocation.offset >= place.symbol.value + place.symbol.size) continue
        const insn = place.indexes[(relocation.offset - place.symbol.value) / SLOT_BYTES] ?? -1
        if (insn < 0) throw badRelocation(section.name, relocation, "is at no instruction")
        const found = this.#relocation(place, relocation, insn, symbols)
        place.relocations.push(found)
        place.insns[insn] = marked(place.insns[insn], found)
      }
      for (const place of list) this.#localCalls(section, place)
    }
  }

  /** The programs and the subprograms of the file. */
  read(): { programs: ProgramSpec[]; functions: FunctionSpec[] } {
    const functions: FunctionSpec[] = []
    const programs: ProgramSpec[] = []
    for (const [section, places] of this.#places) {
      const info = this.#info(section.name)
      for (const place of places.values()) {
        const fn = this.#function(place, info)
        if (section.name === TEXT_SECTION) functions.push(fn)
        else programs.push({ ...fn, section: section.name, ...meaningOfSection(section.name) })
      }
    }
    return { programs, functions }
  }

  /** The function that starts at a byte of a section. */
  functionAt(section: ElfSection | undefined, offset: number): string | undefined {
    return section === undefined ? undefined : this.#places.get(section)?.get(offset)?.symbol.name
  }

  #readSection(section: ElfSection): Map<number, Place> {
    const bytes = this.#elf.data(section)
    const symbols = this.#elf.symbols
      .filter(symbol => symbol.section === section.index && symbol.type === f.STT_FUNC)
      .sort((a, b) => a.value - b.value)
    const places = new Map<number, Place>()
    let end = 0
    for (const symbol of symbols) {
      const { name, value, size, bind } = symbol
      if (
        value < end ||
        size === 0 ||
        size % SLOT_BYTES !== 0 ||
        value % SLOT_BYTES !== 0 ||
        value + size > bytes.length
      ) {
        throw badCode(section, `function ${name} is ${size} bytes at byte ${value}, which is not free for it`)
      }
      if (section.name !== TEXT_SECTION && bind === f.STB_LOCAL) {
        throw elfError(
          "OBJECT_STATIC_PROGRAM",
          `program ${name} in section ${section.name} is static, and loaders know programs by their names`,
          "leave static out",
        )
      }
      end = value + size
      const insns = decodeInsns(bytes.subarray(value, end))
      const slots = slotStarts(insns)
      places.set(value, { symbol, section, insns, slots, indexes: indexesOf(slots), relocations: [] })
    }
    if (symbols.length === 0) throw badCode(section, "the code belongs to no function")
    return places
  }

  #relocation(place: Place, relocation: ElfRelocation, insn: number, symbols: Symbols): Relocation {
    const { symbol, type } = relocation
    const { op, imm } = place.insns[insn]
    const bad = (what: string): SkepError => badRelocation(place.symbol.name, relocation, what)
    if (type === f.R_BPF_64_32 && op === OP_CALL) {
      // The immediate counts slots from the next instruction where the symbol is a section.
      const found = symbols.at(symbol, symbol.type === f.STT_SECTION ? (imm + 1) * SLOT_BYTES : 0, true)
      if (found?.kind === "kfunc") return { kind: "kfunc", insn, name: found.name, ...(found.weak && { weak: true }) }
      if (found?.kind === "extern") return { kind: "call", insn, function: found.name }
      if (found?.kind !== "code") throw bad("names no function")
      return { kind: "call", insn, function: this.#subprogram(found.section, found.offset) ?? fail(bad) }
    }
    if (type !== f.R_BPF_64_64 || op !== OP_LDDW) throw bad("is of no known kind")
    const found = symbols.at(symbol, imm)
    switch (found?.kind) {
      case "map":
        return { kind: "map", insn, map: found.name }
      case "data":
        return { kind: "mapValue", insn, map: found.map, offset: found.offset }
      case "code":
        return { kind: "function", insn, function: this.#subprogram(found.section, found.offset) ?? fail(bad) }
      case "ksym":
        return { kind: "ksym", insn, name: found.name, typed: found.typed, weak: found.weak }
      case "extern":
        if (this.#btf?.find(found.name, "func")) return { kind: "function", insn, function: found.name }
        return { kind: "extern", insn, name: found.name, offset: found.offset }
      default:
        throw bad("names nothing that code can have the address of")
    }
  }

  #subprogram(section: ElfSection, offset: number): string | undefined {
    return section.name === TEXT_SECTION ? this.functionAt(section, offset) : undefined
  }

  /** Calls between functions of a section have no relocation where the compiler knows the distance. */
  #localCalls(section: ElfSection, place: Place): void {
    const known = new Set(place.relocations.map(relocation => relocation.insn))
    for (const [i, insn] of place.insns.entries()) {
      if (insn.op !== OP_CALL || insn.src !== BPF_PSEUDO_CALL || known.has(i)) continue
      const slot = place.symbol.value / SLOT_BYTES + place.slots[i] + 1 + insn.imm
      const target = this.#subprogram(section, slot * SLOT_BYTES)
      if (target === undefined) {
        throw badCode(
          section,
          `instruction ${i} of ${place.symbol.name} calls slot ${slot}, where no subprogram starts`,
        )
      }
      place.relocations.push({ kind: "call", insn: i, function: target })
      place.insns[i] = callSub(-1)
    }
    place.relocations.sort((a, b) => a.insn - b.insn)
  }

  #info(section: string): BtfExt {
    const of = <R>(parts: readonly BtfExtSection<R>[]): BtfExtSection<R>[] => parts.filter(p => p.section === section)
    return { funcs: of(this.#ext.funcs), lines: of(this.#ext.lines), relos: of(this.#ext.relos) }
  }

  #function({ symbol, section, insns, relocations, indexes }: Place, info: BtfExt): FunctionSpec {
    const start = symbol.value
    /** Records of this function, with the index of their instruction. */
    const own = <R extends { readonly insn: number }>(parts: readonly BtfExtSection<R>[]): R[] =>
      parts
        .flatMap(({ records }) => records)
        .flatMap(record => {
          if (record.insn < start || record.insn >= start + symbol.size) return []
          const insn = indexes[(record.insn - start) / SLOT_BYTES] ?? -1
          return insn < 0 ? [] : [{ ...record, insn }]
        })
    const isText = section.name === TEXT_SECTION
    const isStatic = isText && (symbol.visibility === f.STV_HIDDEN || symbol.bind === f.STB_LOCAL)
    return {
      name: symbol.name,
      insns,
      relocations,
      btfId: own(info.funcs).find(record => record.insn === 0)?.type ?? 0,
      core: own(info.relos),
      lineInfo: own(info.lines).map(({ insn, file, text, line, column }) => ({
        insn,
        line: this.#line(file, text, line),
        column,
      })),
      linkage: isStatic ? "static" : "global",
      ...(symbol.bind === f.STB_WEAK && { weak: true }),
      ...(isText && symbol.bind !== f.STB_LOCAL && symbol.visibility === f.STV_HIDDEN && { hidden: true }),
    }
  }

  /** Index of a source line in the object's list. */
  #line(file: string, text: string, line: number): number {
    const key = `${line} ${file}\0${text}`
    let index = this.#lineNumbers.get(key)
    if (index === undefined) {
      index = this.lines.push({ file, text, line }) - 1
      this.#lineNumbers.set(key, index)
    }
    return index
  }
}

function indexesOf(slots: Int32Array): Int32Array {
  const indexes = new Int32Array(slots[slots.length - 1]).fill(-1)
  for (let i = 0; i < slots.length - 1; i++) indexes[slots[i]] = i
  return indexes
}

const fail = (bad: (what: string) => SkepError): never => {
  throw bad("names no subprogram")
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

const badRelocation = (place: string, { offset, type, symbol }: ElfRelocation, what: string): SkepError =>
  elfError(
    "OBJECT_RELOCATION",
    `the relocation at byte ${offset} in ${place} (type ${type}, symbol ${symbol.name || symbol.index}) ${what}`,
  )
