import type { IntLit, StringLit } from "../ast.ts"
import { canonical } from "../sema/typeops.ts"
import type { IntType } from "../types.ts"

const SUFFIX: Readonly<Record<string, string>> = {
  int: "",
  uint: "U",
  long: "L",
  ulong: "UL",
  llong: "LL",
  ullong: "ULL",
}

/** An integer as C text of its type; types without constants of their own need a cast, which `cast` says. */
export function printInt(e: IntLit): { readonly text: string; readonly cast: boolean } {
  if (e.text !== undefined) return { text: e.text, cast: false }
  const t = canonical(e.type)
  const suffix = t.kind === "int" ? SUFFIX[t.name] : undefined
  if (suffix !== undefined) return { text: decimal(e.value, t as IntType, suffix), cast: false }
  return { text: big(e.value), cast: true }
}

/** The least value of a signed type has no literal: `-2147483647 - 1`. */
function decimal(value: bigint, type: IntType, suffix: string): string {
  if (type.signed && value === -(1n << BigInt(type.size * 8 - 1))) return `(${value + 1n}${suffix} - 1)`
  // What no int holds is long without being told.
  return suffix === "L" && value >= 1n << 31n ? `${value}` : `${value}${suffix}`
}

/** An integer of any size and sign, whatever its type turns out to be. */
export function big(value: bigint): string {
  if (value >= 1n << 64n) return `((unsigned __int128)${value >> 64n}ULL << 64 | ${value & 0xffff_ffff_ffff_ffffn}ULL)`
  if (value >= 1n << 63n) return `${value}ULL`
  if (value === -(1n << 63n)) return `(${value + 1n}LL - 1)`
  if (value < -(1n << 63n)) return `(__int128)${big(BigInt.asUintN(128, value))}`
  return `${value}`
}

const ESCAPES: Readonly<Record<number, string>> = {
  7: "\\a",
  8: "\\b",
  9: "\\t",
  10: "\\n",
  11: "\\v",
  12: "\\f",
  13: "\\r",
  34: '\\"',
  92: "\\\\",
}

/** A string literal without its closing NUL. */
export function printString(e: StringLit): string {
  const t = canonical(e.type)
  const element = t.kind === "array" ? canonical(t.element) : t
  const size = element.kind === "int" ? element.size : 1
  const prefix = size === 1 ? "" : size === 2 ? "u" : element.kind === "int" && element.signed ? "L" : "U"
  const units: number[] = []
  for (let i = 0; i + size <= e.bytes.length; i += size) {
    let unit = 0
    for (let b = 0; b < size; b++) unit += e.bytes[i + b] * 2 ** (8 * b)
    units.push(unit)
  }
  if (units[units.length - 1] === 0) units.pop()
  let text = ""
  for (const unit of units) text += printUnit(unit, prefix)
  return `${prefix}"${text}"`
}

function printUnit(unit: number, prefix: string): string {
  const letter = ESCAPES[unit]
  if (letter !== undefined) return letter
  if (unit >= 32 && unit < 127) return String.fromCharCode(unit)
  if (unit < 512) return `\\${unit.toString(8).padStart(3, "0")}`
  // A hex escape takes every digit that follows, so the literal ends here and goes on.
  return `\\x${unit.toString(16)}" ${prefix}"`
}

/** Text in quotes, for attributes and assembly. */
export function quote(text: string): string {
  let quoted = ""
  for (const byte of new TextEncoder().encode(text)) quoted += printUnit(byte, "")
  return `"${quoted}"`
}
