import { arm64Register, type SavedRegister, x86Register } from "./registers.ts"

/** An argument of a static probe: how large it is, and where the compiler has it at that place. */
export interface UsdtArgument {
  /** Bytes: 1, 2, 4 or 8. */
  readonly size: number
  readonly signed: boolean
  /** As the note has it: `-4@-20(%rbp)`. */
  readonly text: string
  readonly place: UsdtPlace
}

export type UsdtPlace =
  | { readonly kind: "constant"; readonly value: bigint }
  | { readonly kind: "register"; readonly register: SavedRegister }
  | {
      readonly kind: "memory"
      /** Undefined for an address that is relative to the probe's own. */
      readonly base: SavedRegister | undefined
      readonly index: SavedRegister | undefined
      /** What the index is multiplied by: 1, 2, 4 or 8. */
      readonly scale: number
      readonly offset: bigint
      /** A variable whose address comes on top, as the file's symbols say it. */
      readonly symbol: string | undefined
    }
  /** What cannot be read by a program: a floating-point register, another processor's grammar. */
  | { readonly kind: "unknown" }

/** Processors whose grammar is known, by their ELF machine number. */
const MACHINES: ReadonlyMap<number, (text: string) => UsdtPlace | undefined> = new Map([
  [62, x86Place],
  [183, arm64Place],
])

/** Probes have at most 12 arguments (sys/sdt.h). */
const MOST_ARGUMENTS = 32

/**
 * Reads the arguments of a note. What is not understood is an argument of kind `unknown`, so that the others keep their numbers.
 *
 *     arguments  argument (blank argument)*
 *     argument   [ ["-"] size ["f"] "@" ] operand       size in bytes, minus for signed, f for floating point
 */
export function parseUsdtArguments(text: string, machine: number): UsdtArgument[] {
  const place = MACHINES.get(machine)
  // arm64 has blanks inside of brackets, and old assemblers inside of parentheses.
  const words = text.match(/(?:\[[^\]]*\]|\([^)]*\)|[^\s[(])+/g) ?? []
  return words.slice(0, MOST_ARGUMENTS).map(word => {
    const [, sign, size, float, operand] = /^(?:(-?)(\d+)(f?)@)?(.*)$/s.exec(word) as RegExpExecArray
    const bytes = Number(size ?? 8)
    const known = (bytes === 1 || bytes === 2 || bytes === 4 || bytes === 8) && float !== "f"
    return {
      size: known ? bytes : 8,
      signed: sign === "-",
      text: word,
      place: (known && place?.(operand.replace(/\s+/g, ""))) || { kind: "unknown" },
    }
  })
}

/**
 *     $NUMBER | %REGISTER | [DISPLACEMENT] ( [%BASE] [, %INDEX [, SCALE]] )
 *     DISPLACEMENT  NUMBER | SYMBOL [+-NUMBER] | NUMBER+SYMBOL
 */
function x86Place(text: string): UsdtPlace | undefined {
  if (text.startsWith("$")) return constant(text.slice(1))
  if (text.startsWith("%")) return inRegister(x86Register(text.slice(1)))
  const memory = /^([^(]*)(?:\((%\w+)?(?:,(%\w+)(?:,([1248]))?)?\))?$/.exec(text)
  if (memory === null) return undefined
  const [, displacement, baseName, indexName, scale = "1"] = memory
  const place = displacementOf(displacement)
  if (place === undefined) return undefined
  if (baseName === "%rip" || (baseName === undefined && indexName === undefined)) {
    // Only a symbol says where that is: numbers before %rip count from an instruction nobody knows.
    if (place.symbol === undefined || indexName !== undefined) return undefined
    return { kind: "memory", base: undefined, index: undefined, scale: 1, ...place }
  }
  const base = baseName === undefined ? undefined : x86Register(baseName.slice(1))
  const index = indexName === undefined ? undefined : x86Register(indexName.slice(1))
  if (base === undefined || (indexName !== undefined && index === undefined)) return undefined
  return { kind: "memory", base, index, scale: Number(scale), ...place }
}

/**
 *     NUMBER | REGISTER | [BASE] | [BASE, [#]NUMBER] | [BASE, INDEX [, lsl [#]NUMBER]]
 */
function arm64Place(text: string): UsdtPlace | undefined {
  if (/^#?-?(0x)?[\da-f]+$/i.test(text) && !/^[xw]\d/.test(text)) return constant(text.replace("#", ""))
  const memory = /^\[(\w+)(?:,(?:#?(-?(?:0x)?[\da-f]+)|([xw]\d+)(?:,(?:lsl|sxtw|uxtw)#?(\d))?))?\]$/.exec(text)
  if (memory === null) return inRegister(arm64Register(text))
  const [, baseName, offset = "0", indexName, shift = "0"] = memory
  const base = arm64Register(baseName)
  const index = indexName === undefined ? undefined : arm64Register(indexName)
  const bytes = integer(offset)
  if (base === undefined || bytes === undefined || (indexName !== undefined && index === undefined)) return undefined
  return { kind: "memory", base, index, scale: 2 ** Number(shift), offset: bytes, symbol: undefined }
}

function constant(text: string): UsdtPlace | undefined {
  const value = integer(text)
  return value === undefined ? undefined : { kind: "constant", value }
}

const inRegister = (register: SavedRegister | undefined): UsdtPlace | undefined =>
  register && { kind: "register", register }

function displacementOf(text: string): { offset: bigint; symbol: string | undefined } | undefined {
  let offset = 0n
  let symbol: string | undefined
  for (const [, sign, term] of text.matchAll(/([+-]?)([^+-]+)/g)) {
    const value = integer(term)
    if (value !== undefined) offset += sign === "-" ? -value : value
    else if (symbol === undefined && sign !== "-" && /^[A-Za-z_.$][\w.$@]*$/.test(term)) symbol = term
    else return undefined
  }
  return { offset, symbol }
}

/** A decimal, hexadecimal or octal number of up to 64 bits. */
function integer(text: string): bigint | undefined {
  const found = /^(-?)(0x[\da-f]+|0[0-7]+|\d+)$/i.exec(text)
  if (found === null || text.length > 24) return undefined
  const digits = /^0[0-7]+$/.test(found[2]) ? `0o${found[2].slice(1)}` : found[2]
  const value = BigInt(digits)
  return found[1] === "-" ? -value : value
}
