import { closeSync, openSync, readSync } from "node:fs"
import { nearestNames, SkepError } from "../base/index.ts"
import { AddressIndex } from "./addressIndex.ts"
import { otherSyscallNames } from "./syscalls.ts"

/** A symbol of the kernel. */
export interface KernelSymbol {
  readonly name: string
  /** 0n when the kernel hides addresses from this process (kernel.kptr_restrict). */
  readonly address: bigint
  /** Letter of its kind as nm(1) has it: `T` and `t` are functions, upper case is global. */
  readonly type: string
  /** Module it belongs to, `bpf` for programs; undefined for the kernel itself. */
  readonly module: string | undefined
}

/** Where an address is. */
export interface Located {
  readonly name: string
  /** Bytes behind the symbol's address. */
  readonly offset: number
  readonly module: string | undefined
}

const NEWLINE = 10
const SPACE = 32
const TAB = 9
const CLOSING_BRACKET = 0x5d
/** Suffixes of code that is not the function's entry, or only a part of it. */
const PARTIAL = /\.(cold|part)\b/

/**
 * The kernel's symbol table, as the text of /proc/kallsyms. Nothing is parsed until it is asked for: a name is found by
 * looking for its bytes, addresses are indexed at the first lookup.
 *
 *     ADDRESS(16 hex) SPACE TYPE SPACE NAME [TAB "[" MODULE "]"] NEWLINE
 */
export class KernelSymbols {
  readonly #text: Buffer
  #addresses: AddressIndex | undefined

  constructor(text: Uint8Array) {
    this.#text = Buffer.from(text.buffer, text.byteOffset, text.byteLength)
  }

  /** Reads the running kernel's table: 5 to 10 MB, some 50 ms. Throws `SYMBOLS_UNREADABLE`. */
  static read(path = "/proc/kallsyms"): KernelSymbols {
    try {
      return new KernelSymbols(readProcFile(path))
    } catch (cause) {
      throw new SkepError({
        code: "SYMBOLS_UNREADABLE",
        message: `the kernel's symbols cannot be read: ${path}`,
        why: cause instanceof Error ? cause.message : String(cause),
        hint: "the kernel needs CONFIG_KALLSYMS, and /proc must be mounted",
        cause,
      })
    }
  }

  /** All symbols with a name: static functions of different files can share one. */
  find(name: string): KernelSymbol[] {
    const found: KernelSymbol[] = []
    if (name === "" || /\s/.test(name)) return found
    for (const at of this.#occurrences(` ${name}`)) {
      const after = this.#text[at + name.length + 1]
      if (after === NEWLINE || after === TAB || after === undefined) found.push(...this.#parse(this.#lineStart(at)))
    }
    return found
  }

  /** Whether there is a function of that name. */
  hasFunction(name: string): boolean {
    return this.find(name).some(isFunction)
  }

  /** Functions the compiler made out of one: `f.isra.0`, `f.constprop.0`, `f.part.0`, `f.cold`, … */
  variants(name: string): KernelSymbol[] {
    const found: KernelSymbol[] = []
    if (name === "" || /\s/.test(name)) return found
    for (const at of this.#occurrences(` ${name}.`)) found.push(...this.#parse(this.#lineStart(at)))
    return found.filter(isFunction)
  }

  /**
   * The name under which the kernel has a function: itself, or the one clone the compiler made of it
   * (`finish_task_switch` is `finish_task_switch.isra.0` on many kernels), or a system call's function under this
   * processor's prefix. Throws `SYMBOLS_UNKNOWN`, `SYMBOLS_AMBIGUOUS`.
   */
  resolve(name: string): string {
    if (this.hasFunction(name)) return name
    const variants = [...new Set(this.variants(name).map(symbol => symbol.name))]
    const whole = variants.filter(variant => !PARTIAL.test(variant.slice(name.length)))
    if (whole.length === 1) return whole[0]
    if (whole.length > 1) throw ambiguous(name, whole)
    const syscall = otherSyscallNames(name).find(other => this.hasFunction(other))
    if (syscall !== undefined) return syscall
    throw this.#unknown(
      name,
      variants.filter(variant => /\.part\b/.test(variant)),
    )
  }

  /** The function an address is in; undefined outside the kernel's code, and when the kernel hides addresses. */
  locate(address: bigint): Located | undefined {
    const index = (this.#addresses ??= new AddressIndex(this.#text))
    const found = index.find(address)
    if (found === undefined) return undefined
    const [symbol] = this.#parse(found.line)
    return symbol && { name: symbol.name, offset: found.offset, module: symbol.module }
  }

  /** Names of all functions, in the table's order. */
  *functionNames(): IterableIterator<string> {
    const text = this.#text
    for (let start = 0; start < text.length; ) {
      let end = text.indexOf(NEWLINE, start)
      if (end < 0) end = text.length
      const name = nameStart(text, start)
      const type = text[name - 2] | 0x20
      if (type === 0x74 || type === 0x77) yield text.toString("latin1", name, nameEnd(text, name, end))
      start = end + 1
    }
  }

  /** All symbols, in the table's order. */
  *symbols(): IterableIterator<KernelSymbol> {
    const text = this.#text
    for (let start = 0; start < text.length; ) {
      const end = text.indexOf(NEWLINE, start)
      yield* this.#parse(start)
      if (end < 0) return
      start = end + 1
    }
  }

  /** Function names without what the compiler puts behind a dot, each once. */
  #bareNames(): Set<string> {
    const names = new Set<string>()
    for (const name of this.functionNames()) {
      const dot = name.indexOf(".")
      names.add(dot > 0 ? name.slice(0, dot) : name)
    }
    return names
  }

  *#occurrences(pattern: string): IterableIterator<number> {
    const bytes = Buffer.from(pattern, "latin1")
    for (let at = this.#text.indexOf(bytes); at >= 0; at = this.#text.indexOf(bytes, at + 1)) yield at
  }

  #lineStart(at: number): number {
    return this.#text.lastIndexOf(NEWLINE, at) + 1
  }

  /** The symbol of the line that starts at an offset; none where the line is not one of a symbol. */
  #parse(start: number): readonly KernelSymbol[] {
    const text = this.#text
    const end = text.indexOf(NEWLINE, start)
    const line = text.toString("latin1", start, end < 0 ? text.length : end)
    const [address, type, ...rest] = line.split(" ")
    const [name, module] = rest.join(" ").split("\t")
    if (name === "" || type.length !== 1 || !/^[0-9a-f]{1,16}$/i.test(address)) return []
    return [{ name, address: BigInt(`0x${address}`), type, module: module?.slice(1, -1) }]
  }

  #unknown(name: string, parts: readonly string[]): SkepError {
    const near = nearestNames(name, this.#bareNames(), 3)
    const hint =
      parts.length > 0
        ? `most of it was inlined; what is left is ${parts.join(" and ")}, which can be probed by that name`
        : near.length > 0
          ? `did you mean ${near.join(", ")}?`
          : "the function may be inlined into its callers: probe one of them"
    return new SkepError({ code: "SYMBOLS_UNKNOWN", message: `the kernel has no function ${name}`, hint })
  }
}

function isFunction(symbol: KernelSymbol): boolean {
  const type = symbol.type.toLowerCase()
  return type === "t" || type === "w"
}

function ambiguous(name: string, candidates: readonly string[]): SkepError {
  return new SkepError({
    code: "SYMBOLS_AMBIGUOUS",
    message: `the compiler made several functions out of ${name}: ${candidates.join(", ")}`,
    hint: "probe each of them by its full name",
  })
}

/** Offset of the name on the line that starts at `start`: behind the second space. */
function nameStart(text: Buffer, start: number): number {
  return text.indexOf(SPACE, start) + 3
}

/** A module in brackets follows a tab; without one the name ends the line. */
function nameEnd(text: Buffer, name: number, end: number): number {
  return text[end - 1] === CLOSING_BRACKET ? Math.max(name, text.lastIndexOf(TAB, end)) : end
}

/** The whole of a file whose size is not known before: /proc gives a page a read. */
function readProcFile(path: string): Uint8Array {
  const fd = openSync(path, "r")
  try {
    let buffer = Buffer.allocUnsafeSlow(8 << 20)
    let size = 0
    for (let n = 1; n > 0; size += n) {
      if (buffer.length - size < 1 << 16) buffer = Buffer.concat([buffer], buffer.length * 2)
      n = readSync(fd, buffer, size, buffer.length - size, null)
    }
    return buffer.subarray(0, size)
  } finally {
    closeSync(fd)
  }
}
