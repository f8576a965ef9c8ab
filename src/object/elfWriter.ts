import * as f from "./elfFormat.ts"

export interface SectionInput {
  readonly name: string
  readonly type: number
  readonly flags?: number
  /** The bytes; for SHT_NOBITS only the length of it counts. */
  readonly data: Uint8Array
  /** A power of two; 1 when left out. */
  readonly align?: number
  /** Bytes of each entry, where all are of one size. */
  readonly entrySize?: number
}

export interface SymbolInput {
  readonly name: string
  readonly value?: number
  readonly size?: number
  readonly bind?: number
  readonly type?: number
  readonly visibility?: number
  /** Section index as {@link ElfWriter.section} gave it, or SHN_…; SHN_UNDEF when left out. */
  readonly section?: number
}

/** A symbol of the file that is being written. */
export type SymbolRef = SymbolInput

interface RelocationInput {
  readonly offset: number
  readonly type: number
  readonly symbol: SymbolRef
}

/**
 * Writes a little-endian 64-bit relocatable ELF file for BPF. Sections stand in the order they were added, then the
 * relocations of each, the symbols (local ones first, as the format asks) and the strings.
 */
export class ElfWriter {
  readonly #sections: SectionInput[] = []
  readonly #symbols: SymbolInput[] = []
  readonly #relocations = new Map<number, RelocationInput[]>()

  /** Adds a section and gives its index. */
  section(input: SectionInput): number {
    return this.#sections.push(input)
  }

  /** Adds a symbol. */
  symbol(input: SymbolInput): SymbolRef {
    this.#symbols.push(input)
    return input
  }

  /** Adds a relocation without addend at a byte of a section. */
  relocation(section: number, offset: number, type: number, symbol: SymbolRef): void {
    const list = this.#relocations.get(section)
    if (list === undefined) this.#relocations.set(section, [{ offset, type, symbol }])
    else list.push({ offset, type, symbol })
  }

  /** The file. */
  encode(): Uint8Array {
    const locals = this.#symbols.filter(s => (s.bind ?? f.STB_LOCAL) === f.STB_LOCAL)
    const symbols = [...locals, ...this.#symbols.filter(s => (s.bind ?? f.STB_LOCAL) !== f.STB_LOCAL)]
    const numbers = new Map(symbols.map((symbol, i) => [symbol, i + 1]))
    const strings = new Strings()
    const symbolTable = this.#sections.length + this.#relocations.size + 1
    const headers: Header[] = [{ input: { name: "", type: f.SHT_NULL, data: new Uint8Array() } }]
    for (const input of this.#sections) headers.push({ input, entrySize: input.entrySize })
    for (const [section, list] of this.#relocations) {
      const data = encodeRelocations(list, numbers)
      const name = `.rel${this.#sections[section - 1].name}`
      headers.push({
        input: { name, type: f.SHT_REL, flags: f.SHF_INFO_LINK, data, align: 8 },
        link: symbolTable,
        info: section,
        entrySize: f.REL_SIZE,
      })
    }
    headers.push({
      input: { name: ".symtab", type: f.SHT_SYMTAB, data: encodeSymbols(symbols, strings), align: 8 },
      link: symbolTable + 1,
      info: locals.length + 1,
      entrySize: f.SYMBOL_SIZE,
    })
    strings.add(".strtab")
    for (const { input } of headers) strings.add(input.name)
    headers.push({ input: { name: ".strtab", type: f.SHT_STRTAB, data: strings.encode() } })
    return layOut(headers, strings)
  }
}

interface Header {
  readonly input: SectionInput
  readonly link?: number
  readonly info?: number
  readonly entrySize?: number
}

function layOut(headers: readonly Header[], strings: Strings): Uint8Array {
  const offsets: number[] = []
  let end = f.ELF_HEADER_SIZE
  for (const { input } of headers) {
    end = alignUp(end, input.align ?? 1)
    offsets.push(input.type === f.SHT_NULL ? 0 : end)
    if (input.type !== f.SHT_NOBITS) end += input.data.length
  }
  const table = alignUp(end, 8)
  const bytes = new Uint8Array(table + headers.length * f.SECTION_HEADER_SIZE)
  const view = new DataView(bytes.buffer)
  bytes.set([0x7f, 0x45, 0x4c, 0x46, f.ELFCLASS64, f.ELFDATA2LSB, 1])
  view.setUint16(16, f.ET_REL, true)
  view.setUint16(18, f.EM_BPF, true)
  view.setUint32(20, 1, true)
  setU64(view, 40, table)
  view.setUint16(52, f.ELF_HEADER_SIZE, true)
  view.setUint16(58, f.SECTION_HEADER_SIZE, true)
  view.setUint16(60, headers.length, true)
  view.setUint16(62, headers.length - 1, true)
  for (const [i, { input, link = 0, info = 0, entrySize = 0 }] of headers.entries()) {
    const at = table + i * f.SECTION_HEADER_SIZE
    view.setUint32(at, strings.add(input.name), true)
    view.setUint32(at + 4, input.type, true)
    setU64(view, at + 8, input.flags ?? 0)
    setU64(view, at + 24, offsets[i])
    setU64(view, at + 32, input.data.length)
    view.setUint32(at + 40, link, true)
    view.setUint32(at + 44, info, true)
    setU64(view, at + 48, input.type === f.SHT_NULL ? 0 : (input.align ?? 1))
    setU64(view, at + 56, entrySize)
    if (input.type !== f.SHT_NOBITS) bytes.set(input.data, offsets[i])
  }
  return bytes
}

function encodeSymbols(symbols: readonly SymbolInput[], strings: Strings): Uint8Array {
  const bytes = new Uint8Array((symbols.length + 1) * f.SYMBOL_SIZE)
  const view = new DataView(bytes.buffer)
  for (const [i, symbol] of symbols.entries()) {
    const at = (i + 1) * f.SYMBOL_SIZE
    view.setUint32(at, strings.add(symbol.name), true)
    bytes[at + 4] = ((symbol.bind ?? f.STB_LOCAL) << 4) | (symbol.type ?? f.STT_NOTYPE)
    bytes[at + 5] = symbol.visibility ?? f.STV_DEFAULT
    view.setUint16(at + 6, symbol.section ?? f.SHN_UNDEF, true)
    setU64(view, at + 8, symbol.value ?? 0)
    setU64(view, at + 16, symbol.size ?? 0)
  }
  return bytes
}

function encodeRelocations(list: readonly RelocationInput[], numbers: ReadonlyMap<SymbolInput, number>): Uint8Array {
  const bytes = new Uint8Array(list.length * f.REL_SIZE)
  const view = new DataView(bytes.buffer)
  for (const [i, { offset, type, symbol }] of list.entries()) {
    setU64(view, i * f.REL_SIZE, offset)
    view.setUint32(i * f.REL_SIZE + 8, type, true)
    view.setUint32(i * f.REL_SIZE + 12, numbers.get(symbol) ?? 0, true)
  }
  return bytes
}

/** A string table: each text once, ended by a NUL, after an empty first one. */
class Strings {
  readonly #offsets = new Map<string, number>([["", 0]])
  readonly #parts: Uint8Array[] = [new Uint8Array(1)]
  #end = 1

  add(text: string): number {
    let offset = this.#offsets.get(text)
    if (offset === undefined) {
      offset = this.#end
      const part = encoder.encode(`${text}\0`)
      this.#parts.push(part)
      this.#offsets.set(text, offset)
      this.#end += part.length
    }
    return offset
  }

  encode(): Uint8Array {
    const bytes = new Uint8Array(this.#end)
    let at = 0
    for (const part of this.#parts) {
      bytes.set(part, at)
      at += part.length
    }
    return bytes
  }
}

const encoder = new TextEncoder()

/** The next multiple of a power of two. */
const alignUp = (n: number, align: number): number => Math.ceil(n / align) * align

function setU64(view: DataView, at: number, value: number): void {
  view.setUint32(at, value % 2 ** 32, true)
  view.setUint32(at + 4, Math.floor(value / 2 ** 32), true)
}
