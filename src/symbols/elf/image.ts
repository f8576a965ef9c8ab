import { SkepError } from "../../base/index.ts"
import { type ByteSource, FileSource, MemorySource } from "./source.ts"

/** A part of the file that is mapped where the program runs: `PT_LOAD` and its like. */
export interface ElfSegment {
  /** PT_… */
  readonly type: number
  /** Bit 0 execute, 1 write, 2 read. */
  readonly flags: number
  readonly offset: number
  readonly address: number
  readonly fileSize: number
  readonly memorySize: number
}

export interface ElfImageSection {
  readonly name: string
  /** SHT_… */
  readonly type: number
  /** SHF_… bits. */
  readonly flags: number
  readonly address: number
  readonly offset: number
  readonly size: number
  readonly link: number
  readonly entrySize: number
}

// Sources: System V ABI chapters 4 and 5; Linux include/uapi/linux/elf.h.
export const ET_EXEC = 2
export const ET_DYN = 3
export const EM_X86_64 = 62
export const EM_AARCH64 = 183
export const PT_LOAD = 1
export const PT_NOTE = 4
const SHT_NOBITS = 8
const SHF_COMPRESSED = 0x800
const ELFCOMPRESS_ZLIB = 1
export const PF_X = 1
/** Headers of either kind above this are damage: the largest programs have some hundred. */
const MOST_HEADERS = 65536
/** Bytes of a section above this are not read. */
const MOST_BYTES = 1 << 30

/** `SYMBOLS_ELF`: the file is no ELF file, or damaged. */
export function elfFault(name: string, why: string): SkepError {
  return new SkepError({
    code: "SYMBOLS_ELF",
    message: `${name} cannot be read as an ELF file: ${why}`,
    hint: "give the path of an executable or of a shared library, not of a script that starts one",
  })
}

/**
 * An executable or shared library, 32 or 64 bits, in either byte order: headers are read at once, sections when they are asked for.
 * Whatever the bytes are, nothing is read outside of them. Throws `SYMBOLS_ELF`.
 *
 *     header    0x7f 'E' 'L' 'F', class, data, …; type u16 @16, machine u16 @18
 *               64: phoff u64 @32, shoff u64 @40, phentsize, phnum, shentsize, shnum, shstrndx u16 @54…
 *               32: phoff u32 @28, shoff u32 @32, the five u16 @42…
 *     program   64: type u32, flags u32, offset, vaddr, paddr, filesz, memsz, align u64
 *               32: type, offset, vaddr, paddr, filesz, memsz, flags, align u32
 *     section   64: name, type u32, flags, addr, offset, size u64, link, info u32, addralign, entsize u64; 32: all u32
 */
export class ElfImage implements Disposable {
  /** Its path, for messages. */
  readonly name: string
  readonly is64: boolean
  readonly littleEndian: boolean
  /** ET_… */
  readonly type: number
  /** EM_… */
  readonly machine: number
  readonly segments: readonly ElfSegment[]
  readonly sections: readonly ElfImageSection[]
  readonly #source: ByteSource

  /** Opens a file. Throws `SYMBOLS_NO_FILE` when it cannot be. */
  static open(path: string, name = path): ElfImage {
    let source: FileSource
    try {
      source = new FileSource(path)
    } catch (cause) {
      throw new SkepError({
        code: "SYMBOLS_NO_FILE",
        message: `${name} cannot be opened: ${(cause as NodeJS.ErrnoException).code ?? cause}`,
        hint: "the path is that of the traced process: with its pid it is looked for in the process's own mount namespace",
        cause,
      })
    }
    try {
      return new ElfImage(source, name)
    } catch (error) {
      source[Symbol.dispose]()
      throw error
    }
  }

  /** An image in memory: a process's vdso, or what another file holds. */
  static of(bytes: Uint8Array, name: string): ElfImage {
    return new ElfImage(new MemorySource(bytes), name)
  }

  private constructor(source: ByteSource, name: string) {
    this.#source = source
    this.name = name
    const head = source.read(0, 64)
    const magic = head.length >= 52 && head[0] === 0x7f && head[1] === 0x45 && head[2] === 0x4c && head[3] === 0x46
    if (!magic) throw elfFault(name, "it does not begin like one")
    this.is64 = head[4] === 2
    if ((!this.is64 && head[4] !== 1) || (this.is64 && head.length < 64)) throw elfFault(name, "its class is unknown")
    this.littleEndian = head[5] !== 2
    const view = this.view(head)
    this.type = view.u16(16)
    this.machine = view.u16(18)
    const at = this.is64 ? 54 : 42
    const programs = { at: view.word(this.is64 ? 32 : 28), size: view.u16(at), count: view.u16(at + 2) }
    const sections = { at: view.word(this.is64 ? 40 : 32), size: view.u16(at + 4), count: view.u16(at + 6) }
    this.segments = this.#readSegments(programs.at, programs.size, programs.count)
    this.sections = this.#readSections(sections.at, sections.size, sections.count, view.u16(at + 8))
  }

  section(name: string): ElfImageSection | undefined {
    return this.sections.find(section => section.name === name)
  }

  /** A section's bytes, unpacked where they are packed by zlib; none of one that has no bytes in the file. */
  read(section: ElfImageSection | undefined): Uint8Array {
    if (section === undefined || section.type === SHT_NOBITS || section.size > MOST_BYTES) return new Uint8Array(0)
    const bytes = this.#source.read(section.offset, section.size)
    if ((section.flags & SHF_COMPRESSED) === 0) return bytes
    const header = this.is64 ? 24 : 12
    if (bytes.length < header || this.view(bytes).u32(0) !== ELFCOMPRESS_ZLIB) return new Uint8Array(0)
    try {
      return process.getBuiltinModule("node:zlib").inflateSync(bytes.subarray(header), { maxOutputLength: MOST_BYTES })
    } catch {
      return new Uint8Array(0)
    }
  }

  /** Bytes of the file. */
  readAt(offset: number, length: number): Uint8Array {
    return this.#source.read(offset, Math.min(length, MOST_BYTES))
  }

  /** Where an address of the program lies in its file; undefined for one that is in no part of it. */
  fileOffset(address: number): number | undefined {
    const within = (s: ElfSegment): boolean =>
      s.type === PT_LOAD && address >= s.address && address - s.address < s.fileSize
    const segment = this.segments.find(s => within(s) && (s.flags & PF_X) !== 0) ?? this.segments.find(within)
    return segment && address - segment.address + segment.offset
  }

  /** The address at which a byte of the file is mapped, by the program's own headers: of its code, where several parts share the byte. */
  address(fileOffset: number): number | undefined {
    const within = (s: ElfSegment): boolean =>
      s.type === PT_LOAD && fileOffset >= s.offset && fileOffset - s.offset < s.fileSize
    const segment = this.segments.find(s => within(s) && (s.flags & PF_X) !== 0) ?? this.segments.find(within)
    return segment && fileOffset - segment.offset + segment.address
  }

  /** Reads numbers as this file has them. */
  view(bytes: Uint8Array): ElfView {
    return new ElfView(bytes, this.is64, this.littleEndian)
  }

  [Symbol.dispose](): void {
    this.#source[Symbol.dispose]()
  }

  #readSegments(start: number, size: number, count: number): ElfSegment[] {
    const least = this.is64 ? 56 : 32
    if (count === 0 || start === 0) return []
    if (size < least) throw elfFault(this.name, `its program headers have ${size} bytes`)
    const bytes = this.#source.read(start, count * size)
    const view = this.view(bytes)
    const segments: ElfSegment[] = []
    for (let at = 0; at + least <= bytes.length; at += size) {
      const field = (n: number): number => view.word(at + (this.is64 ? 8 + n * 8 : 4 + n * 4))
      segments.push({
        type: view.u32(at),
        flags: view.u32(at + (this.is64 ? 4 : 24)),
        offset: field(0),
        address: field(1),
        fileSize: field(3),
        memorySize: field(4),
      })
    }
    return segments
  }

  #readSections(start: number, size: number, shnum: number, shstrndx: number): ElfImageSection[] {
    const least = this.is64 ? 64 : 40
    if (start === 0 || start >= this.#source.size) return []
    if (size < least) throw elfFault(this.name, `its section headers have ${size} bytes`)
    // Counts that do not fit 16 bits stand in the first section header.
    const first = this.#source.read(start, size)
    if (first.length < least) return []
    const count = shnum || this.view(first).word(this.is64 ? 32 : 20)
    const namesAt = shstrndx === 0xffff ? this.view(first).u32(this.is64 ? 40 : 24) : shstrndx
    if (count > MOST_HEADERS) throw elfFault(this.name, `it says that it has ${count} sections`)
    const bytes = this.#source.read(start, count * size)
    const view = this.view(bytes)
    const nameOffsets: number[] = []
    const sections: { -readonly [K in keyof ElfImageSection]: ElfImageSection[K] }[] = []
    for (let at = 0; at + least <= bytes.length; at += size) {
      const field = (n: number): number => view.word(at + 8 + n * (this.is64 ? 8 : 4))
      const link = at + (this.is64 ? 40 : 24)
      nameOffsets.push(view.u32(at))
      sections.push({
        name: "",
        type: view.u32(at + 4),
        flags: field(0),
        address: field(1),
        offset: field(2),
        size: field(3),
        link: view.u32(link),
        entrySize: view.word(link + (this.is64 ? 16 : 12)),
      })
    }
    const names = this.read(sections[namesAt])
    for (const [i, section] of sections.entries()) section.name = textAt(names, nameOffsets[i])
    return sections
  }
}

/** Numbers in an ELF file's byte order; outside of the bytes all is 0. */
export class ElfView {
  readonly #view: DataView
  readonly #is64: boolean
  readonly #little: boolean

  constructor(bytes: Uint8Array, is64: boolean, littleEndian: boolean) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#is64 = is64
    this.#little = littleEndian
  }

  u16(at: number): number {
    return at + 2 <= this.#view.byteLength ? this.#view.getUint16(at, this.#little) : 0
  }

  u32(at: number): number {
    return at + 4 <= this.#view.byteLength ? this.#view.getUint32(at, this.#little) : 0
  }

  /** 64 bits as a number. No address of a process and no size needs more than the 53 that it has; what does is rounded. */
  u64(at: number): number {
    const [low, high] = this.#little ? [this.u32(at), this.u32(at + 4)] : [this.u32(at + 4), this.u32(at)]
    return high * 0x1_0000_0000 + low
  }

  /** An address or size: 8 bytes of a 64-bit file, 4 of another. */
  word(at: number): number {
    return this.#is64 ? this.u64(at) : this.u32(at)
  }
}

/** Text up to a zero byte; "" outside of the bytes. */
export function textAt(bytes: Uint8Array, start: number): string {
  if (start >= bytes.length) return ""
  const end = bytes.indexOf(0, start)
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString(
    "utf8",
    start,
    end < 0 ? bytes.length : end,
  )
}
