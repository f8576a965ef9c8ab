import type { SkepError } from "../base/index.ts"
import { Btf, type BtfBuilder, type BtfExt, encodeBtfExt } from "../btf/index.ts"
import { callSub, encodeInsns, type Insn, lddw, SLOT_BYTES, slotStarts } from "../isa/index.ts"
import { describeKconfig, describeKsyms, describeStructOps, type PlacedMap } from "./describeExterns.ts"
import { continueBtf, describeMaps, MAPS_SECTION, type MapPlace } from "./describeMaps.ts"
import { type DebugFunction, type DebugOptions, writeDwarf } from "./dwarf/index.ts"
import { elfError } from "./elf.ts"
import * as f from "./elfFormat.ts"
import { ElfWriter, type SymbolRef } from "./elfWriter.ts"
import type { BpfObject, FunctionSpec, LineInfo, MapSpec, ProgramSpec, Relocation } from "./object.ts"
import { readMaps } from "./readMaps.ts"
import { ARENA_SECTION, isData, STRUCT_OPS_SECTIONS, structOpsSection, TEXT_SECTION } from "./sectionNames.ts"
import { sectionOfProgram } from "./sections.ts"
import { type DataPlace, type Target, targetAt, writeData } from "./writeData.ts"

/** Sections that mean something else than a program. */
const RESERVED = [
  ...[TEXT_SECTION, MAPS_SECTION, ARENA_SECTION, ...STRUCT_OPS_SECTIONS],
  ...[".BTF", ".BTF.ext", ".symtab", ".strtab", "license", "version", "maps"],
]

export interface ElfOptions {
  /** Adds DWARF, for tools that show source lines. */
  readonly debug?: DebugOptions
}

/**
 * An object as an ELF file that llvm-objdump, readelf, bpftool and libbpf read. Programs stand in sections by libbpf's
 * convention, subprograms in .text, maps in .maps as BTF describes them, global data in .rodata, .data and .bss, what
 * the kernel and other objects define among the symbols without a section. Line and function info is written when every
 * function has it for its first instruction, as a kernel asks.
 *
 * Throws `OBJECT_EMPTY_FUNCTION`, `OBJECT_DUPLICATE_NAME`, `OBJECT_NO_MAP`, `OBJECT_NO_FUNCTION`, `OBJECT_RELOCATION`,
 * `OBJECT_MAP_TYPE`, `OBJECT_PIN_PATH`, `OBJECT_NO_PROTOTYPE`, `OBJECT_BTF_MAPS`, and what the BTF reader throws.
 */
export function writeElf(object: BpfObject, options: ElfOptions = {}): Uint8Array {
  return new ObjectWriter(object, options).encode()
}

interface Place {
  readonly fn: FunctionSpec
  /** Bytes from the start of the section. */
  readonly offset: number
  readonly slots: Int32Array
}

/** A section of code. */
interface Code {
  readonly index: number
  readonly section: SymbolRef
  readonly bytes: Uint8Array
}

class ObjectWriter {
  readonly #object: BpfObject
  readonly #elf = new ElfWriter()
  readonly #btf: Btf | undefined
  /** Functions of each section of code, by its name. */
  readonly #places = new Map<string, Place[]>()
  readonly #code = new Map<string, Code>()
  /** Functions by name: those of .text with their place in it. */
  readonly #functions = new Map<string, Target & { readonly isProgram: boolean }>()
  readonly #maps = new Map<string, SymbolRef>()
  readonly #data = new Map<string, DataPlace>()
  /** What the file does not define. */
  readonly #undefined = new Map<string, SymbolRef>()
  readonly #options: ElfOptions
  readonly #debug: DebugFunction[] = []

  constructor(object: BpfObject, options: ElfOptions) {
    this.#object = object
    this.#options = options
    this.#btf = object.btf.length === 0 ? undefined : Btf.parse(object.btf)
  }

  encode(): Uint8Array {
    const { license, name, maps, programs, functions } = this.#object
    const elf = this.#elf
    elf.symbol({ name, type: f.STT_FILE, section: f.SHN_ABS })
    checkNames([...programs, ...functions], maps)
    for (const fn of functions) this.#place(TEXT_SECTION, fn)
    for (const program of programs) {
      const section = sectionOfProgram(program)
      const quiet = program.autoload === false && !section.startsWith("?") ? `?${section}` : section
      if (section === "" || RESERVED.includes(section) || isData(section)) throw badSection(program, section)
      this.#place(quiet, program)
    }
    for (const [section, places] of this.#places) this.#writeCode(section, places)
    for (const map of maps) {
      if (isDataMap(map) || (map.type === "arena" && map.data !== undefined)) {
        this.#data.set(map.name, writeData(elf, map, this.#btf))
      }
    }
    elf.section({
      name: "license",
      type: f.SHT_PROGBITS,
      flags: f.SHF_ALLOC | f.SHF_WRITE,
      data: new TextEncoder().encode(`${license}\0`),
    })
    this.#writeBtf()
    for (const [section, places] of this.#places) for (const place of places) this.#relocate(section, place)
    for (const map of maps) this.#relocateData(map)
    if (this.#options.debug !== undefined) writeDwarf(elf, this.#object, this.#debug, this.#options.debug)
    return elf.encode()
  }

  #place(section: string, fn: FunctionSpec): void {
    if (fn.insns.length === 0)
      throw elfError("OBJECT_EMPTY_FUNCTION", `${fn.name} has no instructions`, "return from it")
    const places = this.#places.get(section) ?? []
    this.#places.set(section, places)
    const last = places.at(-1)
    const offset = last === undefined ? 0 : last.offset + last.slots[last.fn.insns.length] * SLOT_BYTES
    places.push({ fn, offset, slots: slotStarts(fn.insns) })
  }

  #writeCode(name: string, places: readonly Place[]): void {
    const bytes = encodeInsns(places.flatMap(({ fn }) => unrelocated(fn)))
    const index = this.#elf.section({
      name,
      type: f.SHT_PROGBITS,
      flags: f.SHF_ALLOC | f.SHF_EXECINSTR,
      data: bytes,
      align: SLOT_BYTES,
    })
    const section = this.#elf.symbol({ name: "", type: f.STT_SECTION, section: index })
    this.#code.set(name, { index, section, bytes })
    for (const { fn, offset, slots } of places) {
      const isLocal = name === TEXT_SECTION && fn.linkage === "static" && !fn.hidden
      const symbol = this.#elf.symbol({
        name: fn.name,
        section: index,
        value: offset,
        size: slots[fn.insns.length] * SLOT_BYTES,
        type: f.STT_FUNC,
        bind: fn.weak ? f.STB_WEAK : isLocal ? f.STB_LOCAL : f.STB_GLOBAL,
        visibility: fn.hidden ? f.STV_HIDDEN : f.STV_DEFAULT,
      })
      this.#functions.set(fn.name, { symbol, addend: offset, isProgram: name !== TEXT_SECTION })
      this.#debug.push({ spec: fn, symbol, slots })
    }
  }

  /** Writes .maps, tables of operations, .BTF and .BTF.ext. */
  #writeBtf(): void {
    const btf = this.#btf
    const { maps, externs = [] } = this.#object
    const plain = maps.filter(map => !isDataMap(map) && map.structOps === undefined && map.kconfig === undefined)
    const tables = maps.filter(map => map.structOps !== undefined)
    const kconfig = maps.flatMap(map => map.kconfig ?? [])
    const uses = [...this.#places.values()].flat().flatMap(({ fn }) => fn.relocations.filter(isKernels))
    for (const { name, weak } of uses) this.#declare(name, weak === true)
    for (const { name, weak, hidden } of externs) this.#declare(name, weak, hidden)
    for (const { name, weak } of kconfig) this.#declare(name, weak)
    if (btf === undefined && plain.length + tables.length + uses.length + kconfig.length === 0) return
    const { programs, functions } = this.#object
    const visible = [...programs, ...functions.filter(fn => fn.linkage === "global" || fn.hidden)]
    const builder = continueBtf(btf, btf?.count, new Set(visible.map(fn => fn.btfId)))
    const places = this.#placesOfMaps(builder, plain)
    const names = new Map(
      uses.map(use => [
        use.name,
        { name: use.name, isCalled: use.kind === "kfunc", untyped: use.kind === "ksym" && !use.typed },
      ]),
    )
    describeKsyms(builder, btf, [...names.values()])
    describeKconfig(builder, btf, kconfig)
    if (places.length > 0) this.#writeMaps(places)
    for (const section of STRUCT_OPS_SECTIONS) this.#writeTables(builder, section, tables)
    const ext = btf === undefined ? undefined : this.#ext()
    const extBytes = ext === undefined ? undefined : encodeBtfExt(ext, text => builder.string(text))
    this.#elf.section({ name: ".BTF", type: f.SHT_PROGBITS, data: builder.encode(), align: 4 })
    if (extBytes !== undefined) {
      this.#elf.section({ name: ".BTF.ext", type: f.SHT_PROGBITS, data: extBytes, align: 4 })
    }
  }

  #declare(name: string, weak: boolean, hidden = false): void {
    if (this.#undefined.has(name)) return
    const visibility = hidden ? f.STV_HIDDEN : f.STV_DEFAULT
    this.#undefined.set(name, this.#elf.symbol({ name, bind: weak ? f.STB_WEAK : f.STB_GLOBAL, visibility }))
  }

  /** Describes the maps, unless the BTF came with a description of just these. */
  #placesOfMaps(builder: BtfBuilder, maps: readonly MapSpec[]): readonly MapPlace[] {
    const btf = this.#btf
    if (btf === undefined || btf.find(MAPS_SECTION, "datasec") === 0) {
      const externs = (this.#object.externs ?? []).filter(extern => extern.kind === "map")
      return describeMaps(builder, btf, maps, externs)
    }
    const described = readMaps(btf).maps
    const names = new Set(described.map(({ spec }) => spec.name))
    const other = maps.find(map => !names.has(map.name)) ?? described.find(d => !maps.some(m => m.name === d.spec.name))
    if (other !== undefined) {
      throw elfError(
        "OBJECT_BTF_MAPS",
        `the BTF of ${this.#object.name} describes other maps than the object has`,
        "take the section .maps out of the BTF: it is written anew",
      )
    }
    return described.map(({ spec: { name }, offset, size, valuesAt = size }) => ({
      name,
      offset,
      size,
      valuesAt: offset + valuesAt,
    }))
  }

  #writeMaps(places: readonly MapPlace[]): void {
    const section = this.#elf.section({
      name: MAPS_SECTION,
      type: f.SHT_PROGBITS,
      flags: f.SHF_ALLOC | f.SHF_WRITE,
      data: new Uint8Array(Math.max(...places.map(place => place.offset + place.size))),
      align: 8,
    })
    const specs = new Map(this.#object.maps.map(map => [map.name, map]))
    for (const { name, offset, size } of places) {
      const bind = specs.get(name)?.weak ? f.STB_WEAK : f.STB_GLOBAL
      this.#maps.set(name, this.#elf.symbol({ name, section, value: offset, size, type: f.STT_OBJECT, bind }))
    }
    for (const { name, valuesAt } of places) {
      for (const { index, map, program } of specs.get(name)?.values ?? []) {
        const symbol = map === undefined ? this.#functions.get(program ?? "")?.symbol : this.#maps.get(map)
        if (symbol === undefined) throw noTarget(`map ${name}`, map ?? program ?? "nothing")
        this.#elf.relocation(section, valuesAt + index * 8, f.R_BPF_64_ABS64, symbol)
      }
    }
  }

  /** A section of tables of operations. */
  #writeTables(builder: BtfBuilder, section: string, all: readonly MapSpec[]): void {
    const tables: PlacedMap[] = []
    let size = 0
    for (const map of all) {
      if (structOpsSection(map.structOps!) !== section) continue
      tables.push({ map, offset: size })
      size += Math.ceil((map.data?.length ?? map.valueSize) / 8) * 8
    }
    if (tables.length === 0) return
    const data = new Uint8Array(size)
    for (const { map, offset } of tables) data.set(map.data ?? new Uint8Array(), offset)
    const index = this.#elf.section({
      name: section,
      type: f.SHT_PROGBITS,
      flags: f.SHF_ALLOC | f.SHF_WRITE,
      data,
      align: 8,
    })
    for (const { map, offset } of tables) {
      const place = { section: index, value: offset, size: map.data?.length ?? map.valueSize }
      this.#elf.symbol({ name: map.name, type: f.STT_OBJECT, bind: f.STB_GLOBAL, ...place })
      for (const { offset: at, program } of map.structOps!.programs) {
        const symbol = this.#functions.get(program)?.symbol
        if (symbol === undefined) throw noTarget(`map ${map.name}`, program)
        this.#elf.relocation(index, offset + at, f.R_BPF_64_ABS64, symbol)
      }
    }
    describeStructOps(builder, this.#btf, section, size, tables)
  }

  /** Function and line info and CO-RE relocations of all sections; undefined when there are none to give. */
  #ext(): BtfExt | undefined {
    const sections = [...this.#places]
    const all = sections.flatMap(([, places]) => places)
    const withFuncs = all.every(({ fn }) => fn.btfId !== 0)
    const withLines = withFuncs && all.every(({ fn }) => fn.lineInfo[0]?.insn === 0)
    const withCore = all.some(({ fn }) => fn.core.length > 0)
    if (all.length === 0 || (!withFuncs && !withCore)) return undefined
    const { lines } = this.#object
    const parts = <R>(wanted: boolean, records: (place: Place) => readonly R[]) =>
      wanted ? sections.map(([section, places]) => ({ section, records: places.flatMap(records) })) : []
    return {
      funcs: parts(withFuncs, ({ fn, offset }) => [{ insn: offset, type: fn.btfId }]),
      lines: parts(withLines, ({ fn, offset, slots }) =>
        fn.lineInfo.map(info => {
          const line = lines[info.line]
          if (line === undefined || slots[info.insn] === undefined) throw badLine(fn, info)
          return { ...line, insn: offset + slots[info.insn] * SLOT_BYTES, column: info.column }
        }),
      ),
      relos: parts(withCore, ({ fn, offset, slots }) =>
        fn.core.map(core => ({ ...core, insn: offset + slots[core.insn] * SLOT_BYTES })),
      ).filter(part => part.records.length > 0),
    }
  }

  #relocate(section: string, { fn, offset, slots }: Place): void {
    const { index, bytes } = this.#code.get(section)!
    const view = new DataView(bytes.buffer, bytes.byteOffset)
    for (const relocation of fn.relocations) {
      const { symbol, addend } = this.#target(fn, relocation)
      const isCall = relocation.kind === "call" || relocation.kind === "kfunc"
      const at = offset + slots[relocation.insn] * SLOT_BYTES
      view.setInt32(at + 4, isCall ? addend / SLOT_BYTES - 1 : addend, true)
      this.#elf.relocation(index, at, isCall ? f.R_BPF_64_32 : f.R_BPF_64_64, symbol)
    }
  }

  #target(fn: FunctionSpec, relocation: Relocation): Target {
    switch (relocation.kind) {
      case "map":
      case "mapValue":
        return this.#mapTarget(fn, relocation)
      case "kfunc":
      case "ksym":
        return { symbol: this.#undefined.get(relocation.name)!, addend: 0 }
      case "extern": {
        const symbol = this.#undefined.get(relocation.name)
        if (symbol === undefined) throw noTarget(fn.name, relocation.name)
        return { symbol, addend: relocation.offset }
      }
      default:
        return this.#functionTarget(fn, relocation.function, relocation.kind === "call")
    }
  }

  /** libbpf knows the address of a static function by its section and its place in that. */
  #functionTarget(fn: FunctionSpec, name: string, isCall: boolean): Target {
    const found = this.#functions.get(name)
    if (found !== undefined && !found.isProgram) {
      const isLocal = (found.symbol.bind ?? f.STB_LOCAL) === f.STB_LOCAL
      if (isCall || !isLocal) return { symbol: found.symbol, addend: 0 }
      return { symbol: this.#code.get(TEXT_SECTION)!.section, addend: found.addend }
    }
    const symbol = found === undefined ? this.#undefined.get(name) : undefined
    if (symbol !== undefined) return { symbol, addend: 0 }
    throw elfError(
      "OBJECT_NO_FUNCTION",
      `${fn.name} calls ${name}, which is not there`,
      "only subprograms can be called, not programs",
    )
  }

  #mapTarget(fn: FunctionSpec, relocation: Extract<Relocation, { kind: "map" | "mapValue" }>): Target {
    const name = relocation.map
    if (relocation.kind === "mapValue") {
      const data = this.#data.get(name)
      if (data !== undefined) return targetAt(data, relocation.offset)
      const { offset } = relocation
      const option = this.#object.maps
        .find(map => map.name === name)
        ?.kconfig?.find(k => offset >= k.offset && offset < k.offset + k.size)
      if (option !== undefined) {
        return { symbol: this.#undefined.get(option.name)!, addend: offset - option.offset }
      }
    }
    const symbol = this.#maps.get(name) ?? this.#undefined.get(name)
    if (symbol !== undefined && relocation.kind === "map") return { symbol, addend: 0 }
    if (symbol !== undefined || this.#data.has(name)) {
      throw elfError(
        "OBJECT_RELOCATION",
        `${fn.name} takes the address of ${relocation.kind === "map" ? "the map" : "a value in"} ${name}`,
        "an object file can name maps that hold no global data, and values of global data",
      )
    }
    throw elfError("OBJECT_NO_MAP", `${fn.name} uses the map ${name}, which is not there`, "define it")
  }

  /** Addresses in initial data. */
  #relocateData(map: MapSpec): void {
    const place = this.#data.get(map.name)
    if (place === undefined) return
    for (const { offset, target, addend } of map.dataRelocations ?? []) {
      const data = this.#data.get(target)
      const symbol = this.#functions.get(target)?.symbol ?? this.#maps.get(target) ?? this.#undefined.get(target)
      const to = data === undefined ? symbol && { symbol, addend } : targetAt(data, addend)
      if (to === undefined) throw noTarget(map.name, target)
      if (offset + 8 <= place.bytes.length) {
        new DataView(place.bytes.buffer).setBigInt64(offset, BigInt(to.addend), true)
      }
      this.#elf.relocation(place.index, offset, f.R_BPF_64_ABS64, to.symbol)
    }
  }
}

/** Whether a map is a section of global data. */
const isDataMap = ({ data, type, structOps, kconfig }: MapSpec): boolean =>
  data !== undefined && type !== "arena" && structOps === undefined && kconfig === undefined

const isKernels = (relocation: Relocation): relocation is Extract<Relocation, { kind: "kfunc" | "ksym" }> =>
  relocation.kind === "kfunc" || relocation.kind === "ksym"

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
    insns[relocation.insn] = wide ? lddw(insn.dst, 0, 0, 0) : callSub(-1)
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

const noTarget = (user: string, name: string): SkepError =>
  elfError("OBJECT_RELOCATION", `${user} names ${name}, which is not there`, "define it, or list it among the externs")

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
