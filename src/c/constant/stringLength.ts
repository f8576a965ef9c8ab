import type { Expr } from "../ast.ts"
import { canonical, sizeOf } from "../sema/typeops.ts"
import { CONST } from "../types.ts"

/**
 * The length of a string that is known here: a literal, or an array of constants that is initialised with one.
 *
 *     strlen("bee") is 3; after `const char hive[] = "bees";` strlen(hive) is 4
 */
export function stringLength(e: Expr): bigint | undefined {
  if (e.kind === "cast" && e.cast !== "load") return stringLength(e.operand)
  if (e.kind === "string") return lengthOf(e.bytes)
  if (e.kind !== "ref" || e.decl.kind !== "var" || e.decl.init?.kind !== "expr") return undefined
  const type = canonical(e.decl.type)
  const { expr } = e.decl.init
  if (type.kind !== "array" || type.element.quals !== CONST || expr.kind !== "string") return undefined
  return lengthOf(expr.bytes.subarray(0, Number(sizeOf(type) ?? 0)))
}

function lengthOf(bytes: Uint8Array): bigint | undefined {
  const end = bytes.indexOf(0)
  return end < 0 ? undefined : BigInt(end)
}
