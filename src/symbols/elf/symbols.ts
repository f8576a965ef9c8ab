import { type ElfImage, textAt } from "./image.ts"
import { symbolVersions } from "./versions.ts"

/** A symbol of an executable or a library. */
export interface UserSymbol {
  readonly name: string
  /** As the file says it, before the file is mapped anywhere. */
  readonly address: number
  /** Bytes; 0 when the file does not say. */
  readonly size: number
  /** A function that chooses another one when the program starts (`STT_GNU_IFUNC`): the address is the chooser's. */
  readonly indirect: boolean
  /** `GLIBC_2.14`, `@` before it or `@@` where it is the one that new programs get; undefined without versions. */
  readonly version: string | undefined
}

const STT_NOTYPE = 0
const STT_FUNC = 2
const STT_GNU_IFUNC = 10
const SHN_UNDEF = 0
const EM_ARM = 40
/** Symbols above this are damage. */
const MOST_SYMBOLS = 1 << 24

/**
 * The functions of an image by name and by address: of `.symtab`, of `.dynsym`, and of further images with the same addresses (debug files,
 * `.gnu_debugdata`). Kept in typed arrays, about 20 bytes a symbol beside the names.
 *
 *     64: name u32, info u8 = bind << 4 | type, other u8, section u16, value u64, size u64
 *     32: name u32, value u32, size u32, info u8, other u8, section u16
 */
export class ElfSymbols {
  readonly #tables: Table[] = []
  #order: Order | undefined

  constructor(...images: readonly ElfImage[]) {
    for (const image of images) {
      for (const name of [".symtab", ".dynsym"]) {
        const table = readTable(image, name)
        if (table.count > 0) this.#tables.push(table)
      }
    }
  }

  /** Number of functions, those with two names or in two tables counted twice. */
  get size(): number {
    return this.#tables.reduce((n, table) => n + table.count, 0)
  }

  /** Functions by a name, which may have a version behind it (`memcpy@GLIBC_2.14`); each address once, the default version first. */
  find(name: string): UserSymbol[] {
    const [bare, wanted] = splitVersion(name)
    const found = new Map<number, UserSymbol>()
    const bytes = Buffer.from(`${bare}\0`)
    for (const table of this.#tables) {
      // Versions of old tables stand behind the name itself: both forms are looked for.
      for (const at of positions(table.names, bytes.subarray(0, -1))) {
        const after = table.names[at + bytes.length - 1]
        if (after !== 0 && after !== 0x40) continue
        for (const index of table.withName(at)) {
          const symbol = table.symbol(index)
          if (wanted !== undefined && symbol.version?.replace(/^@+/, "") !== wanted) continue
          const have = found.get(symbol.address)
          if (have === undefined || (have.version === undefined && symbol.version !== undefined)) {
            found.set(symbol.address, symbol)
          }
        }
      }
    }
    const rank = ({ version }: UserSymbol): number => (version === undefined || version.startsWith("@@") ? 0 : 1)
    return [...found.values()].sort((a, b) => rank(a) - rank(b))
  }

  /** All functions, each name at an address once. */
  *all(): IterableIterator<UserSymbol> {
    const seen = new Set<string>()
    for (const table of this.#tables) {
      for (let i = 0; i < table.count; i++) {
        const symbol = table.symbol(i)
        const key = `${symbol.address} ${symbol.name}`
        if (seen.has(key)) continue
        seen.add(key)
        yield symbol
      }
    }
  }

  /**
   * The function an address is in; where a symbol has a size, the address must be inside. Of several names the global one without
   * underscores before it wins.
   */
  locate(address: number): UserSymbol | undefined {
    const { addresses, places } = (this.#order ??= this.#sort())
    let from = 0
    let to = addresses.length
    while (from < to) {
      const middle = (from + to) >>> 1
      if (addresses[middle] <= address) from = middle + 1
      else to = middle
    }
    if (from === 0) return undefined
    const start = addresses[from - 1]
    let best: UserSymbol | undefined
    for (let i = from - 1; i >= 0 && addresses[i] === start; i--) {
      const { table, index } = places(i)
      const symbol = table.symbol(index)
      if (symbol.size > 0 && address >= start + symbol.size) continue
      if (best === undefined || betterName(symbol, best)) best = symbol
    }
    return best
  }

  #sort(): Order {
    const total = this.size
    const all = new Float64Array(total)
    const starts: number[] = []
    let n = 0
    for (const table of this.#tables) {
      starts.push(n)
      all.set(table.addresses.subarray(0, table.count), n)
      n += table.count
    }
    const order = Uint32Array.from({ length: total }, (_, i) => i).sort((a, b) => all[a] - all[b] || a - b)
    return {
      addresses: Float64Array.from(order, i => all[i]),
      places: position => {
        const at = order[position]
        let table = starts.length - 1
        while (starts[table] > at) table--
        return { table: this.#tables[table], index: at - starts[table] }
      },
    }
  }
}

interface Order {
  readonly addresses: Float64Array
  places(position: number): { readonly table: Table; readonly index: number }
}

class Table {
  readonly names: Uint8Array
  readonly addresses: Float64Array
  readonly #sizes: Float64Array
  readonly #nameAt: Uint32Array
  readonly #indirect: Uint8Array
  readonly #version: (position: number) => string | undefined
  readonly #position: Uint32Array
  count = 0
  #byName: Map<number, number[]> | undefined

  constructor(names: Uint8Array, room: number, version: (position: number) => string | undefined) {
    this.names = names
    this.addresses = new Float64Array(room)
    this.#sizes = new Float64Array(room)
    this.#nameAt = new Uint32Array(room)
    this.#indirect = new Uint8Array(room)
    this.#position = new Uint32Array(room)
    this.#version = version
  }

  add(position: number, nameAt: number, address: number, size: number, indirect: boolean): void {
    const i = this.count++
    this.#position[i] = position
    this.#nameAt[i] = nameAt
    this.addresses[i] = address
    this.#sizes[i] = size
    this.#indirect[i] = indirect ? 1 : 0
  }

  symbol(i: number): UserSymbol {
    const [name, version] = splitVersion(textAt(this.names, this.#nameAt[i]), true)
    return {
      name,
      address: this.addresses[i],
      size: this.#sizes[i],
      indirect: this.#indirect[i] === 1,
      version: version ?? this.#version(this.#position[i]),
    }
  }

  /** Indices of symbols whose name starts at a byte of the names. */
  withName(at: number): readonly number[] {
    if (this.#byName === undefined) {
      this.#byName = new Map()
      for (let i = 0; i < this.count; i++) {
        const have = this.#byName.get(this.#nameAt[i])
        if (have === undefined) this.#byName.set(this.#nameAt[i], [i])
        else have.push(i)
      }
    }
    return this.#byName.get(at) ?? []
  }
}

function readTable(image: ElfImage, name: string): Table {
  const section = image.section(name)
  const bytes = image.read(section)
  const entry = image.is64 ? 24 : 16
  const count = Math.min(Math.floor(bytes.length / entry), MOST_SYMBOLS)
  const names = section === undefined ? new Uint8Array(0) : image.read(image.sections[section.link])
  const version = name === ".dynsym" ? symbolVersions(image) : () => undefined
  const table = new Table(names, count, version)
  const view = image.view(bytes)
  for (let i = 0; i < count; i++) {
    const at = i * entry
    const type = bytes[at + (image.is64 ? 4 : 12)] & 15
    if (type !== STT_FUNC && type !== STT_GNU_IFUNC && type !== STT_NOTYPE) continue
    const nameAt = view.u32(at)
    const sectionIndex = view.u16(at + (image.is64 ? 6 : 14))
    if (sectionIndex === SHN_UNDEF || nameAt === 0 || nameAt >= names.length) continue
    const address = view.word(at + (image.is64 ? 8 : 4))
    // Assembler labels are symbols without a type: those in code, and not the marks `$x` of ARM, are functions for who looks.
    if (type === STT_NOTYPE && (!isCode(image, sectionIndex) || names[nameAt] === 0x24)) continue
    // The lowest bit of an ARM function's address says that its code is Thumb.
    const real = image.machine === EM_ARM ? address - (address % 2) : address
    if (real > Number.MAX_SAFE_INTEGER) continue
    table.add(i, nameAt, real, view.word(at + (image.is64 ? 16 : 8)), type === STT_GNU_IFUNC)
  }
  return table
}

/** Address of a function or variable of an image by its name; undefined for one that is not there. */
export function symbolAddress(image: ElfImage, name: string): number | undefined {
  for (const section of image.sections.filter(s => s.name === ".symtab" || s.name === ".dynsym")) {
    const bytes = image.read(section)
    const names = image.read(image.sections[section.link])
    const view = image.view(bytes)
    const entry = image.is64 ? 24 : 16
    for (let at = 0; at + entry <= bytes.length; at += entry) {
      if (view.u16(at + (image.is64 ? 6 : 14)) === SHN_UNDEF) continue
      if (splitVersion(textAt(names, view.u32(at)))[0] === name) return view.word(at + (image.is64 ? 8 : 4))
    }
  }
  return undefined
}

const SHF_EXECINSTR = 4
const isCode = (image: ElfImage, index: number): boolean => ((image.sections[index]?.flags ?? 0) & SHF_EXECINSTR) !== 0

function* positions(text: Uint8Array, pattern: Uint8Array): IterableIterator<number> {
  const buffer = Buffer.from(text.buffer, text.byteOffset, text.byteLength)
  for (let at = buffer.indexOf(pattern); at >= 0; at = buffer.indexOf(pattern, at + 1)) yield at
}

/** `memcpy@@GLIBC_2.14` is `memcpy` and `GLIBC_2.14`, with `marked` and `@@GLIBC_2.14`. */
function splitVersion(name: string, marked = false): [name: string, version: string | undefined] {
  const at = name.indexOf("@", 1)
  if (at < 0) return [name, undefined]
  return [name.slice(0, at), marked ? name.slice(at) : name.slice(at).replace(/^@+/, "")]
}

function betterName(a: UserSymbol, b: UserSymbol): boolean {
  const underscores = ({ name }: UserSymbol): number => (/^_*/.exec(name) as RegExpExecArray)[0].length
  // A symbol with a size is a function; one without is a label.
  if (a.size > 0 !== b.size > 0) return a.size > 0
  return underscores(a) < underscores(b)
}
