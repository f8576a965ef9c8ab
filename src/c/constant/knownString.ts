import type { Expr } from "../ast.ts"
import { canonical, sizeOf } from "../sema/typeops.ts"
import { CONST } from "../types.ts"

/**
 * The bytes of a string that is known here, up to its end: a literal, or an array of constants that is initialised with one.
 *
 *     "bee" has three; after `const char hive[] = "bees";` hive has four
 */
export function knownString(e: Expr): Uint8Array | undefined {
  if (e.kind === "cast" && e.cast !== "load") return knownString(e.operand)
  if (e.kind === "string") return upToEnd(e.bytes)
  if (e.kind !== "ref" || e.decl.kind !== "var" || e.decl.init?.kind !== "expr") return undefined
  const type = canonical(e.decl.type)
  const { expr } = e.decl.init
  if (type.kind !== "array" || type.element.quals !== CONST || expr.kind !== "string") return undefined
  return upToEnd(expr.bytes.subarray(0, Number(sizeOf(type) ?? 0)))
}

/** What strlen gives for a string that is known. */
export function stringLength(e: Expr): bigint | undefined {
  const bytes = knownString(e)
  return bytes && BigInt(bytes.length)
}

function upToEnd(bytes: Uint8Array): Uint8Array | undefined {
  const end = bytes.indexOf(0)
  return end < 0 ? undefined : bytes.subarray(0, end)
}
