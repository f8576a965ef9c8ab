import type { SkepError } from "../base/index.ts"
import { Btf, type BtfExt, encodeBtfExt } from "../btf/index.ts"
import { callSub, encodeInsns, type Insn, lddw, SLOT_BYTES, slotStarts } from "../isa/index.ts"
import { continueBtf, describeKfuncs, describeMaps, MAPS_SECTION } from "./describeMaps.ts"
import { type DebugFunction, type DebugOptions, writeDwarf } from "./dwarf/index.ts"
import { elfError } from "./elf.ts"
import * as f from "./elfFormat.ts"
import { ElfWriter, type SymbolRef } from "./elfWriter.ts"
import type { BpfObject, FunctionSpec, LineInfo, MapSpec, ProgramSpec, Relocation } from "./object.ts"
import { isData, TEXT_SECTION } from "./sectionNames.ts"
import { sectionOfProgram } from "./sections.ts"

/** Sections that mean something else than a program. */
const RESERVED = [TEXT_SECTION, MAPS_SECTION, ".BTF", ".BTF.ext", ".symtab", ".strtab", "license", "version", "maps"]

/**
 * An object as an ELF file that llvm-objdump, readelf, bpftool and libbpf read. Programs stand in sections by libbpf's
 * convention, subprograms in .text, maps in .maps as BTF describes them, global data in .rodata, .data and .bss.
 * Line and function info is written when every function has it for its first instruction, as a kernel asks.
 *
 * Throws `OBJECT_EMPTY_FUNCTION`, `OBJECT_DUPLICATE_NAME`, `OBJECT_NO_MAP`, `OBJECT_NO_FUNCTION`, `OBJECT_RELOCATION`,
 * `OBJECT_MAP_TYPE`, `OBJECT_PIN_PATH`, `OBJECT_NO_PROTOTYPE`, `OBJECT_BTF_MAPS`, and what the BTF reader throws.
 */
export function writeElf(object: BpfObject, options: ElfOptions = {}): Uint8Array {
  return new ObjectWriter(object, options).encode()
}

export interface ElfOptions {
  /** Adds DWARF, for tools that show source lines. */
  readonly debug?: DebugOptions
}

/** The name of the section that a map of global data is. */
export function dataSection(map: MapSpec): string {
  if (isData(map.name)) return map.name
  return `${map.frozen ? ".rodata" : ".data"}.${map.name}`
}

interface Place {
  readonly fn: FunctionSpec
  /** Bytes from the start of the section. */
  readonly offset: number
  readonly slots: Int32Array
}

class ObjectWriter {
  readonly #object: BpfObject
  readonly #elf = new ElfWriter()
  /** Functions of each section of code, by its name. */
  readonly #code = new Map<string, Place[]>()
  readonly #sections = new Map<string, number>()
  /** Functions of .text, maps and kernel functions, by name. */
  readonly #functions = new Map<string, SymbolRef>()
  readonly #maps = new Map<string, SymbolRef>()
  readonly #kfuncs = new Map<string, SymbolRef>()

  readonly #options: ElfOptions
  readonly #debug: DebugFunction[] = []

  constructor(object: BpfObject, options: ElfOptions) {
    this.#object = object
    this.#options = options
  }

  encode(): Uint8Array {
    const { license, name, maps, programs, functions } = this.#object
    const elf = this.#elf
    elf.symbol({ name, type: f.STT_FILE, section: f.SHN_ABS })
    checkNames([...programs, ...functions], maps)
    for (const fn of functions) this.#place(TEXT_SECTION, fn)
    for (const program of programs) {
      const section = sectionOfProgram(program)
      if (section === "" || RESERVED.includes(section) || isData(section)) throw badSection(program, section)
      this.#place(section, program)
    }
    const btf = this.#object.btf.length === 0 ? undefined : Btf.parse(this.#object.btf)
    if (btf !== undefined && btf.find(MAPS_SECTION, "datasec") !== 0) {
      throw elfError(
        "OBJECT_BTF_MAPS",
        `the BTF of ${name} describes maps already`,
        "objects that another tool wrote cannot be written again: compile the source",
      )
    }
    for (const [section, places] of this.#code) this.#writeCode(section, places, btf)
    for (const map of maps) if (map.data !== undefined) this.#writeData(map, map.data, btf)
    elf.section({
      name: "license",
      type: f.SHT_PROGBITS,
      flags: f.SHF_ALLOC | f.SHF_WRITE,
      data: new TextEncoder().encode(`${license}\0`),
    })
    this.#writeBtf(btf)
    for (const [section, places] of this.#code) for (const place of places) this.#relocate(section, place)
    if (this.#options.debug !== undefined) writeDwarf(elf, this.#object, this.#debug, this.#options.debug)
    return elf.encode()
  }

  #place(section: string, fn: FunctionSpec): void {
    if (fn.insns.length === 0)
      throw elfError("OBJECT_EMPTY_FUNCTION", `${fn.name} has no instructions`, "return from it")
    const places = this.#code.get(section) ?? []
    this.#code.set(section, places)
    const last = places.at(-1)
    const offset = last === undefined ? 0 : last.offset + last.slots[last.fn.insns.length] * SLOT_BYTES
    places.push({ fn, offset, slots: slotStarts(fn.insns) })
  }

  #writeCode(name: string, places: readonly Place[], btf: Btf | undefined): void {
    const insns = places.flatMap(({ fn }) => unrelocated(fn))
    const section = this.#elf.section({
      name,
      type: f.SHT_PROGBITS,
      flags: f.SHF_ALLOC | f.SHF_EXECINSTR,
      data: encodeInsns(insns),
      align: SLOT_BYTES,
    })
    this.#sections.set(name, section)
    this.#elf.symbol({ name: "", type: f.STT_SECTION, section })
    for (const { fn, offset, slots } of places) {
      const type = fn.btfId === 0 ? undefined : btf?.type(fn.btfId)
      const isStatic = name === TEXT_SECTION && type?.kind === "func" && type.linkage === "static"
      const symbol = this.#elf.symbol({
        name: fn.name,
        section,
        value: offset,
        size: slots[fn.insns.length] * SLOT_BYTES,
        type: f.STT_FUNC,
        bind: f.STB_GLOBAL,
        // libbpf takes a hidden function for a static one; local ones it cannot name in relocations.
        visibility: isStatic ? f.STV_HIDDEN : f.STV_DEFAULT,
      })
      if (name === TEXT_SECTION) this.#functions.set(fn.name, symbol)
      this.#debug.push({ spec: fn, symbol, slots })
    }
  }

  #writeData(map: MapSpec, data: Uint8Array, btf: Btf | undefined): void {
    const name = dataSection(map)
    const zero = name === ".bss" || name.startsWith(".bss.")
    if (zero && data.some(byte => byte !== 0)) {
      throw elfError("OBJECT_BSS", `${name} has bytes that are not 0`, "data with initial values belongs in .data")
    }
    const section = this.#elf.section({
      name,
      type: zero ? f.SHT_NOBITS : f.SHT_PROGBITS,
      flags: f.SHF_ALLOC | (map.frozen ? 0 : f.SHF_WRITE),
      data,
      align: SLOT_BYTES,
    })
    this.#maps.set(map.name, this.#elf.symbol({ name: "", type: f.STT_SECTION, section }))
    const id = btf?.find(name, "datasec") ?? 0
    const datasec = id === 0 ? undefined : btf?.type(id)
    if (datasec?.kind !== "datasec") return
    for (const { type, offset, size } of datasec.vars) {
      const variable = btf?.type(type)
      if (variable?.kind !== "var") continue
      const bind = variable.linkage === "static" ? f.STB_LOCAL : f.STB_GLOBAL
      this.#elf.symbol({ name: variable.name, section, value: offset, size, type: f.STT_OBJECT, bind })
    }
  }

  /** Writes .maps, .BTF and .BTF.ext. */
  #writeBtf(btf: Btf | undefined): void {
    const maps = this.#object.maps.filter(map => map.data === undefined)
    const kfuncs = new Set<string>()
    for (const places of this.#code.values()) {
      for (const { fn } of places) for (const r of fn.relocations) if (r.kind === "kfunc") kfuncs.add(r.name)
    }
    for (const name of kfuncs) this.#kfuncs.set(name, this.#elf.symbol({ name, bind: f.STB_GLOBAL }))
    if (btf === undefined && maps.length === 0 && kfuncs.size === 0) return
    const builder = continueBtf(btf)
    const places = describeMaps(builder, btf, maps)
    describeKfuncs(builder, btf, [...kfuncs])
    if (places.length > 0) {
      const size = places.reduce((sum, place) => sum + place.size, 0)
      const section = this.#elf.section({
        name: MAPS_SECTION,
        type: f.SHT_PROGBITS,
        flags: f.SHF_ALLOC | f.SHF_WRITE,
        data: new Uint8Array(size),
        align: 8,
      })
      for (const place of places) {
        const symbol = { section, value: place.offset, size: place.size, type: f.STT_OBJECT, bind: f.STB_GLOBAL }
        this.#maps.set(place.name, this.#elf.symbol({ name: place.name, ...symbol }))
      }
    }
    const ext = btf === undefined ? undefined : this.#ext()
    const extBytes = ext === undefined ? undefined : encodeBtfExt(ext, text => builder.string(text))
    this.#elf.section({ name: ".BTF", type: f.SHT_PROGBITS, data: builder.encode(), align: 4 })
    if (extBytes !== undefined) {
      this.#elf.section({ name: ".BTF.ext", type: f.SHT_PROGBITS, data: extBytes, align: 4 })
    }
  }

  /** Function and line info of all sections; undefined when there is none to give. */
  #ext(): BtfExt | undefined {
    const sections = [...this.#code]
    const all = sections.flatMap(([, places]) => places)
    const withFuncs = all.every(({ fn }) => fn.btfId !== 0)
    const withLines = withFuncs && all.every(({ fn }) => fn.lineInfo[0]?.insn === 0)
    if (!withFuncs) return undefined
    const { lines } = this.#object
    return {
      funcs: sections.map(([section, places]) => ({
        section,
        records: places.map(({ fn, offset }) => ({ insn: offset, type: fn.btfId })),
      })),
      lines: !withLines
        ? []
        : sections.map(([section, places]) => ({
            section,
            records: places.flatMap(({ fn, offset, slots }) =>
              fn.lineInfo.map(info => {
                const line = lines[info.line]
                if (line === undefined || slots[info.insn] === undefined) throw badLine(fn, info)
                return { ...line, insn: offset + slots[info.insn] * SLOT_BYTES, column: info.column }
              }),
            ),
          })),
      relos: [],
    }
  }

  #relocate(section: string, { fn, offset, slots }: Place): void {
    const index = this.#sections.get(section)!
    for (const relocation of fn.relocations) {
      const symbol = this.#target(fn, relocation)
      const wide = relocation.kind !== "call" && relocation.kind !== "kfunc"
      const at = offset + slots[relocation.insn] * SLOT_BYTES
      this.#elf.relocation(index, at, wide ? f.R_BPF_64_64 : f.R_BPF_64_32, symbol)
    }
  }

  #target(fn: FunctionSpec, relocation: Relocation): SymbolRef {
    switch (relocation.kind) {
      case "map":
      case "mapValue": {
        const symbol = this.#maps.get(relocation.map)
        if (symbol !== undefined && (symbol.type === f.STT_SECTION) === (relocation.kind === "mapValue")) return symbol
        if (symbol !== undefined) {
          throw elfError(
            "OBJECT_RELOCATION",
            `${fn.name} takes the address of ${relocation.kind === "map" ? "the map" : "a value in"} ${relocation.map}`,
            "an object file can name maps that hold no global data, and values of global data",
          )
        }
        throw elfError("OBJECT_NO_MAP", `${fn.name} uses the map ${relocation.map}, which is not there`, "define it")
      }
      case "kfunc":
        return this.#kfuncs.get(relocation.name)!
      case "ksym":
      case "extern":
        throw elfError("OBJECT_RELOCATION", `${fn.name} uses ${relocation.name}, which no object file can name yet`)
      default: {
        const symbol = this.#functions.get(relocation.function)
        if (symbol !== undefined) return symbol
        throw elfError(
          "OBJECT_NO_FUNCTION",
          `${fn.name} calls ${relocation.function}, which is not there`,
          "only subprograms can be called, not programs",
        )
      }
    }
  }
}

/** The instructions with what the loader fills in left as compilers leave it. */
function unrelocated(fn: FunctionSpec): readonly Insn[] {
  if (fn.relocations.length === 0) return fn.insns
  const insns = [...fn.insns]
  for (const relocation of fn.relocations) {
    const insn = insns[relocation.insn]
    const wide = relocation.kind !== "call" && relocation.kind !== "kfunc"
    if (insn === undefined || (insn.imm64 !== undefined) !== wide) {
      throw elfError(
        "OBJECT_RELOCATION",
        `a relocation of ${fn.name} is at instruction ${relocation.insn}, which is no ${wide ? "64-bit load" : "call"}`,
        "the index counts instructions, not slots",
      )
    }
    insns[relocation.insn] = wide
      ? lddw(insn.dst, 0, relocation.kind === "mapValue" ? relocation.offset : 0, 0)
      : callSub(-1)
  }
  return insns
}

function checkNames(functions: readonly FunctionSpec[], maps: readonly MapSpec[]): void {
  const seen = new Set<string>()
  for (const { name } of [...functions, ...maps]) {
    if (seen.has(name)) {
      throw elfError(
        "OBJECT_DUPLICATE_NAME",
        `${name} is the name of two things`,
        "programs, subprograms and maps share names",
      )
    }
    seen.add(name)
  }
}

const badLine = (fn: FunctionSpec, info: LineInfo): SkepError =>
  elfError(
    "OBJECT_LINE",
    `line info of ${fn.name} says that instruction ${info.insn} is on line ${info.line} of the list, one of which is not there`,
    "both count from 0",
  )

const badSection = (program: ProgramSpec, section: string): SkepError =>
  elfError(
    "OBJECT_SECTION",
    `program ${program.name} cannot stand in section "${section}"`,
    "name the section after what the program is, for example kprobe/do_sys_open",
  )
