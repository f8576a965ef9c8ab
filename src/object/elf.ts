import { SkepError } from "../base/index.ts"
import * as f from "./elfFormat.ts"

export interface ElfSection {
  readonly index: number
  readonly name: string
  /** SHT_… */
  readonly type: number
  /** SHF_… bits, the low 32. */
  readonly flags: number
  readonly offset: number
  /** Bytes; a section without bytes in the file (SHT_NOBITS) has a size too. */
  readonly size: number
  readonly link: number
  readonly info: number
  /** Power of two; 0 is 1. */
  readonly align: number
  readonly entrySize: number
}

export interface ElfSymbol {
  readonly index: number
  readonly name: string
  readonly value: number
  readonly size: number
  /** STB_…: local, global, weak. */
  readonly bind: number
  /** STT_…: object, function, section, … */
  readonly type: number
  /** STV_… */
  readonly visibility: number
  /** Section index; SHN_UNDEF, SHN_ABS, … */
  readonly section: number
}

export interface ElfRelocation {
  /** Byte in the section that is relocated. */
  readonly offset: number
  readonly type: number
  readonly symbol: ElfSymbol
  /** 0 where the addend is in the place itself. */
  readonly addend: number
}

/** Sections without bytes in the file above this are refused: more than any map may hold. */
const MAX_NOBITS = 1 << 28

export function elfError(code: string, message: string, hint?: string): SkepError {
  return new SkepError({ code, message, hint: hint ?? "the file is cut off or damaged: make it again" })
}

/**
 * A 64-bit ELF file in either byte order. Headers are checked and read at once, the rest when asked for. Whatever the
 * bytes are, nothing is read outside them and every fault has a code: `OBJECT_ELF_MAGIC` (not such a file),
 * `OBJECT_ELF_TRUNCATED`, `OBJECT_ELF_HEADER`, `OBJECT_ELF_STRING`, `OBJECT_ELF_SYMBOL`, `OBJECT_ELF_RELOCATION`,
 * `OBJECT_ELF_SIZE`.
 *
 *     file     header 64 | … | section headers, 64 each
 *     header   0x7f 'E' 'L' 'F', class, data, …; type u16 @16, machine u16 @18, shoff u64 @40, flags u32 @48,
 *              shentsize u16 @58, shnum u16 @60, shstrndx u16 @62
 *     section  name u32, type u32, flags u64, addr u64, offset u64, size u64, link u32, info u32, align u64, entsize u64
 *     symbol   name u32, info u8 = bind << 4 | type, other u8, shndx u16, value u64, size u64
 *     rel      offset u64, info u64 = symbol << 32 | type; rela: addend i64
 */
export class ElfFile {
  readonly bytes: Uint8Array
  readonly littleEndian: boolean
  /** ET_… */
  readonly type: number
  /** EM_… */
  readonly machine: number
  readonly flags: number
  readonly sections: readonly ElfSection[]
  readonly #view: DataView
  #symbols: readonly ElfSymbol[] | undefined

  constructor(bytes: Uint8Array) {
    // A plain array, where Node's Buffer would share what it is asked to copy.
    this.bytes = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    const magic = bytes.length >= 4 && bytes[0] === 0x7f && bytes[1] === 0x45 && bytes[2] === 0x4c && bytes[3] === 0x46
    if (!magic) throw elfError("OBJECT_ELF_MAGIC", "this is not an ELF file", "pass an object file, or C source")
    if (bytes.length < f.ELF_HEADER_SIZE) throw truncated("the ELF header", f.ELF_HEADER_SIZE, bytes.length)
    const [, , , , cls, data] = bytes
    if (cls !== f.ELFCLASS64) {
      throw elfError("OBJECT_ELF_MAGIC", "this is not a 64-bit ELF file", "compile for bpf, bpfel or bpfeb")
    }
    if (data !== f.ELFDATA2LSB && data !== f.ELFDATA2MSB) {
      throw elfError("OBJECT_ELF_HEADER", `byte order ${data} of the ELF header is neither 1 nor 2`)
    }
    this.littleEndian = data === f.ELFDATA2LSB
    this.type = this.#u16(16)
    this.machine = this.#u16(18)
    this.flags = this.#u32(48)
    this.sections = this.#readSections()
  }

  /** The first section of a name. */
  section(name: string): ElfSection | undefined {
    return this.sections.find(section => section.name === name)
  }

  /** The bytes of a section: a view of the file, or zeros for one that has none in it. */
  data(section: ElfSection): Uint8Array {
    if (section.type === f.SHT_NOBITS) {
      if (section.size > MAX_NOBITS) {
        throw elfError("OBJECT_ELF_SIZE", `section ${section.name} is ${section.size} bytes, more than ${MAX_NOBITS}`)
      }
      return new Uint8Array(section.size)
    }
    return this.bytes.subarray(section.offset, section.offset + section.size)
  }

  /** The symbols of the file, the empty first one too; none when it has no symbol table. */
  get symbols(): readonly ElfSymbol[] {
    return (this.#symbols ??= this.#readSymbols())
  }

  /** The relocations of a section, in the order of the file. */
  relocations(section: ElfSection): ElfRelocation[] {
    const found: ElfRelocation[] = []
    for (const table of this.sections) {
      const rela = table.type === f.SHT_RELA
      if ((!rela && table.type !== f.SHT_REL) || table.info !== section.index) continue
      const size = rela ? f.RELA_SIZE : f.REL_SIZE
      const end = table.offset + this.#wholeEntries(table, size, "OBJECT_ELF_RELOCATION")
      for (let at = table.offset; at < end; at += size) {
        const offset = this.#u64(at, "OBJECT_ELF_RELOCATION")
        const type = this.#u32(this.littleEndian ? at + 8 : at + 12)
        const symbolIndex = this.#u32(this.littleEndian ? at + 12 : at + 8)
        const symbol = this.symbols[symbolIndex]
        if (symbol === undefined || offset >= section.size) {
          throw elfError(
            "OBJECT_ELF_RELOCATION",
            `a relocation of section ${section.name} is at byte ${offset} for symbol ${symbolIndex}, which is not there`,
          )
        }
        const addend = rela ? Number(this.#view.getBigInt64(at + 16, this.littleEndian)) : 0
        found.push({ offset, type, symbol, addend })
      }
    }
    return found
  }

  #readSections(): ElfSection[] {
    const start = this.#u64(40, "OBJECT_ELF_HEADER")
    if (start === 0) return []
    const entry = this.#u16(58)
    if (entry !== f.SECTION_HEADER_SIZE) {
      throw elfError("OBJECT_ELF_HEADER", `section headers of ${entry} bytes, not ${f.SECTION_HEADER_SIZE}`)
    }
    if (start + entry > this.bytes.length) throw truncated("the section headers", start + entry, this.bytes.length)
    // Counts that do not fit 16 bits stand in the first section header.
    const count = this.#u16(60) || this.#u64(start + 32, "OBJECT_ELF_HEADER")
    if (start + count * entry > this.bytes.length) {
      throw truncated("the section headers", start + count * entry, this.bytes.length)
    }
    const shstrndx = this.#u16(62)
    const namesAt = shstrndx === f.SHN_XINDEX ? this.#u32(start + 40) : shstrndx
    const nameOffsets: number[] = []
    const sections: { -readonly [K in keyof ElfSection]: ElfSection[K] }[] = []
    for (let index = 0; index < count; index++) {
      const at = start + index * entry
      nameOffsets.push(this.#u32(at))
      const type = this.#u32(at + 4)
      const offset = this.#u64(at + 24, "OBJECT_ELF_HEADER")
      const size = type === f.SHT_NULL ? 0 : this.#u64(at + 32, "OBJECT_ELF_HEADER")
      if (type !== f.SHT_NOBITS && type !== f.SHT_NULL && offset + size > this.bytes.length) {
        throw truncated(`section ${index}`, offset + size, this.bytes.length)
      }
      sections.push({
        index,
        name: "",
        type,
        flags: this.#u32(this.littleEndian ? at + 8 : at + 12),
        offset,
        size,
        link: this.#u32(at + 40),
        info: this.#u32(at + 44),
        align: this.#u64(at + 48, "OBJECT_ELF_HEADER"),
        entrySize: this.#u64(at + 56, "OBJECT_ELF_HEADER"),
      })
    }
    const names = sections[namesAt]
    if (names === undefined) throw elfError("OBJECT_ELF_HEADER", `no section ${namesAt} for the names of sections`)
    for (const [index, section] of sections.entries()) section.name = this.#string(names, nameOffsets[index])
    return sections
  }

  #readSymbols(): ElfSymbol[] {
    const table = this.sections.find(section => section.type === f.SHT_SYMTAB)
    if (table === undefined) return []
    const names = this.sections[table.link]
    if (names === undefined) throw elfError("OBJECT_ELF_SYMBOL", "the symbol table names no string table")
    const count = this.#wholeEntries(table, f.SYMBOL_SIZE, "OBJECT_ELF_SYMBOL") / f.SYMBOL_SIZE
    const symbols: ElfSymbol[] = []
    for (let index = 0; index < count; index++) {
      const at = table.offset + index * f.SYMBOL_SIZE
      const info = this.bytes[at + 4]
      const section = this.#u16(at + 6)
      if (section < f.SHN_LORESERVE && section >= this.sections.length) {
        throw elfError("OBJECT_ELF_SYMBOL", `symbol ${index} is in section ${section}, which is not there`)
      }
      const type = info & 15
      const name = this.#string(names, this.#u32(at))
      symbols.push({
        index,
        name: type === f.STT_SECTION && name === "" ? (this.sections[section]?.name ?? "") : name,
        value: this.#u64(at + 8, "OBJECT_ELF_SYMBOL"),
        size: this.#u64(at + 16, "OBJECT_ELF_SYMBOL"),
        bind: info >> 4,
        type,
        visibility: this.bytes[at + 5] & 3,
        section,
      })
    }
    return symbols
  }

  /** Bytes of a table that is made of entries of a size. */
  #wholeEntries(table: ElfSection, size: number, code: string): number {
    if (table.size % size !== 0) {
      throw elfError(code, `section ${table.name} of ${table.size} bytes is no table of entries of ${size} bytes`)
    }
    return table.size
  }

  #string(table: ElfSection, offset: number): string {
    if (table.type === f.SHT_NULL && offset === 0) return ""
    const start = table.offset + offset
    const end = table.type === f.SHT_NOBITS || offset >= table.size ? -1 : this.bytes.indexOf(0, start)
    if (end < 0 || end >= table.offset + table.size) {
      throw elfError("OBJECT_ELF_STRING", `a name at byte ${offset} of the string table does not end inside it`)
    }
    return decodeText(this.bytes.subarray(start, end))
  }

  #u16(at: number): number {
    return this.#view.getUint16(at, this.littleEndian)
  }

  #u32(at: number): number {
    return this.#view.getUint32(at, this.littleEndian)
  }

  #u64(at: number, code: string): number {
    const first = this.#u32(at)
    const second = this.#u32(at + 4)
    const value = this.littleEndian ? second * 2 ** 32 + first : first * 2 ** 32 + second
    if (value > Number.MAX_SAFE_INTEGER) throw elfError(code, `a 64-bit number at byte ${at} is out of range`)
    return value
  }
}

const decoder = new TextDecoder()
const decodeText = (bytes: Uint8Array): string => decoder.decode(bytes)

const truncated = (what: string, end: number, length: number): SkepError =>
  elfError("OBJECT_ELF_TRUNCATED", `${what} ends at byte ${end} of a file of ${length}`)
