import { nearestNames, SkepError } from "../base/index.ts"
import { demangle } from "./demangle/index.ts"
import { debugImages } from "./elf/debugFile.ts"
import { ElfImage, ElfSymbols, type UserSymbol } from "./elf/index.ts"
import { type Binary, findBinary } from "./process/binary.ts"
import { chosenAddress } from "./process/indirect.ts"

/** A place in a file's code where a probe can be put. */
export interface ProbePlace {
  /** The function's name; undefined for a place that was given by its address. */
  readonly symbol: string | undefined
  /** Byte of the file. */
  readonly fileOffset: number
  /** Address as the file's own headers say it. */
  readonly address: number
}

/** The functions of a program or library, by name. @throws SkepError SYMBOLS_NO_FILE, SYMBOLS_ELF */
export function binarySymbols(binary: Binary): { readonly image: ElfImage; readonly symbols: ElfSymbols } {
  const image = ElfImage.open(binary.path, binary.name)
  const debug = debugImages(image, binary)
  try {
    return { image, symbols: new ElfSymbols(image, ...debug) }
  } finally {
    for (const one of debug) one[Symbol.dispose]()
  }
}

/**
 * Where functions are in a program or library: of a name, or all whose names match. A name that several functions share gives the default
 * version, or else all of them. For a function that is chosen when a program starts (ifunc) it is the one that process `pid` has chosen, or this
 * one. Throws `SYMBOLS_NO_FUNCTION`, `SYMBOLS_INDIRECT`, `SYMBOLS_NO_FILE`, `SYMBOLS_ELF`.
 */
export function findFunctions(binary: Binary, wanted: string | RegExp, pid?: number): ProbePlace[] {
  const { image, symbols } = binarySymbols(binary)
  using _ = image
  const found = typeof wanted === "string" ? named(symbols, wanted) : matching(symbols, wanted)
  const places: ProbePlace[] = []
  for (const symbol of found) {
    const address = symbol.indirect ? chosenAddress(binary, image, symbol.address, pid ?? "self") : symbol.address
    const fileOffset = address === undefined ? undefined : image.fileOffset(address)
    if (address !== undefined && fileOffset !== undefined) places.push({ symbol: symbol.name, fileOffset, address })
  }
  if (places.length > 0) return places
  const indirect = found.find(symbol => symbol.indirect)
  throw indirect === undefined ? noFunction(binary.name, symbols, wanted) : notChosen(binary.name, indirect.name, pid)
}

/** The place of an address as `nm` and `objdump` show it. Throws `SYMBOLS_NO_ADDRESS`, `SYMBOLS_NO_FILE`, `SYMBOLS_ELF`. */
export function findAddress(binary: Binary, address: number): ProbePlace {
  using image = ElfImage.open(binary.path, binary.name)
  const fileOffset = image.fileOffset(address)
  if (fileOffset !== undefined) return { symbol: undefined, fileOffset, address }
  throw new SkepError({
    code: "SYMBOLS_NO_ADDRESS",
    message: `${binary.name} has no code at address 0x${address.toString(16)}`,
    hint: "it is an address as nm and objdump show it: subtract where the library is mapped from one of a running process",
  })
}

/** Names of a program's or library's functions that match, each once. */
export function functionNames(name: string, pattern: RegExp = /^/, pid?: number): string[] {
  return [...new Set(userFunctions(name, pattern, pid).map(found => found.name))]
}

/** Functions of a program or library whose names match, with their addresses; a name at an address once. */
export function userFunctions(name: string, pattern: RegExp = /^/, pid?: number): { name: string; address: number }[] {
  const { image, symbols } = binarySymbols(findBinary(name, pid))
  image[Symbol.dispose]()
  const found: { name: string; address: number }[] = []
  for (const symbol of symbols.all())
    if (pattern.test(symbol.name)) found.push({ name: symbol.name, address: symbol.address })
  return found
}

/** Functions by the name that the linker knows, or by that of C++ or Rust, whose parameters can be left out. */
function named(symbols: ElfSymbols, wanted: string): readonly UserSymbol[] {
  const found = chosen(symbols.find(wanted))
  if (found.length > 0 || !/::|\(/.test(wanted)) return found
  const byAddress = new Map<number, UserSymbol>()
  for (const symbol of symbols.all()) {
    const name = demangle(symbol.name)
    if (name === wanted || name.startsWith(`${wanted}(`)) byAddress.set(symbol.address, symbol)
  }
  return [...byAddress.values()]
}

/** The default version alone; without versions all that share the name. */
const chosen = (found: readonly UserSymbol[]): readonly UserSymbol[] =>
  found.some(symbol => symbol.version?.startsWith("@@")) ? found.slice(0, 1) : found

/** Functions whose names match, one for each address. */
function matching(symbols: ElfSymbols, pattern: RegExp): UserSymbol[] {
  const byAddress = new Map<number, UserSymbol>()
  for (const symbol of symbols.all()) {
    if (symbol.size > 0 && pattern.test(symbol.name) && !byAddress.has(symbol.address))
      byAddress.set(symbol.address, symbol)
  }
  return [...byAddress.values()]
}

function notChosen(file: string, name: string, pid: number | undefined): SkepError {
  return new SkepError({
    code: "SYMBOLS_INDIRECT",
    message: `which function ${name} of ${file} stands for cannot be told`,
    why: `it is chosen when a program starts, and ${pid === undefined ? "this process" : `process ${pid}`} does not show its choice`,
    hint:
      pid === undefined
        ? "give the pid of a process that runs it, or the name or address of the function that is chosen"
        : "give the name or address of the function that is chosen",
  })
}

function noFunction(file: string, symbols: ElfSymbols, wanted: string | RegExp): SkepError {
  const parts = { code: "SYMBOLS_NO_FUNCTION" }
  if (symbols.size === 0) {
    return new SkepError({
      ...parts,
      message: `${file} tells no names of functions`,
      why: "it was stripped, and there are no debug symbols for it",
      hint: "install its debug symbols, or give an address",
    })
  }
  if (typeof wanted !== "string") {
    return new SkepError({
      ...parts,
      message: `no function of ${file} matches ${wanted}`,
      hint: "list them with nm -D",
    })
  }
  const names = new Set<string>()
  for (const { name } of symbols.all()) names.add(name)
  const near = nearestNames(wanted, names, 3)
  return new SkepError({
    ...parts,
    message: `${file} has no function ${wanted}`,
    hint:
      near.length > 0
        ? `did you mean ${near.join(", ")}?`
        : "the compiler may have inlined it, or it is in another library: list the names with nm -D",
  })
}
