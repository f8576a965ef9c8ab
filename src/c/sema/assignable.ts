import type { Span } from "../../base/index.ts"
import type { Expr } from "../ast.ts"
import type { DiagnosticExtra } from "../diagnostics/index.ts"
import { ATOMIC, type Type } from "../types.ts"
import type { Context } from "./context.ts"
import { convert, FLOAT_HINT, isNullConstant, rvalue } from "./convert.ts"
import { floatToInt } from "./float.ts"
import { canonical, compatible, integerOf, isBool, qualsOf, unqualified } from "./typeops.ts"
import { quoteTypes } from "./typeString.ts"

/** Why a value is converted as by assignment. */
export interface Purpose {
  readonly kind: "assign" | "init" | "pass" | "return"
  /** The parameter, for a note. */
  readonly note?: { readonly message: string; readonly span: Span | undefined }
}

/** Converts a value as by assignment to a type (C11 6.5.16.1), reporting what does not fit. */
export function assignable(c: Context, operand: Expr, target: Type, purpose: Purpose): Expr {
  const e = rvalue(c, operand)
  const to = canonical(target)
  const from = canonical(e.type)
  switch (from.kind) {
    case "void":
      if (to.kind === "void") return e
      return c.fail("C_VOID_VALUE", `${phrase(purpose, target, e.type, "incompatible type")}`, e.span, extra(purpose))
    case "int":
    case "enum":
      if (to.kind === "int" || to.kind === "enum") return convert(e, target)
      if (to.kind === "pointer") {
        if (!isNullConstant(e)) {
          const text = `incompatible integer to pointer conversion ${phrase(purpose, target, e.type)}`
          c.warn("C_INT_CONVERSION", text, e.span, extra(purpose))
        }
        return convert(e, target)
      }
      break
    case "pointer":
      if (to.kind === "pointer") {
        checkPointers(c, e, from.to, to.to, target, purpose)
        return convert(e, target)
      }
      if (to.kind === "int" || to.kind === "enum") {
        if (!isBool(to)) {
          const text = `incompatible pointer to integer conversion ${phrase(purpose, target, e.type)}`
          c.warn("C_INT_CONVERSION", text, e.span, extra(purpose))
        }
        return convert(e, target)
      }
      break
    case "float": {
      const whole = floatToInt(e, target)
      if (whole !== undefined) return whole
      break
    }
    case "record":
      if (to.kind === "record" && to.decl === from.decl) return e
      break
  }
  if (to.kind === "float" || from.kind === "float") {
    return c.fail("C_FLOAT", `no floating point: ${phrase(purpose, target, e.type)}`, e.span, { hint: FLOAT_HINT })
  }
  return c.fail("C_INCOMPATIBLE", phrase(purpose, target, e.type, "incompatible type"), e.span, extra(purpose))
}

function checkPointers(c: Context, e: Expr, from: Type, to: Type, target: Type, purpose: Purpose): void {
  const missing = qualsOf(from) & ~qualsOf(to) & ~ATOMIC
  if (pointsAlike(from, to)) {
    if (missing !== 0 && !isNullConstant(e)) {
      c.warn("C_DISCARDS_QUALIFIERS", `${phrase(purpose, target, e.type)} discards qualifiers`, e.span, extra(purpose))
    }
    return
  }
  if (isNullConstant(e)) return
  const text = `incompatible pointer types ${phrase(purpose, target, e.type)}`
  c.warn("C_POINTER_TYPES", text, e.span, extra(purpose))
}

/**
 * Whether pointers to the two types mix without a warning: compatible, one of them void, integers that differ in sign only, or a record of the
 * kernel and the program's own record of the same tag, which takes its place.
 */
export function pointsAlike(a: Type, b: Type): boolean {
  const first = canonical(a)
  const second = canonical(b)
  if (first.kind === "void" || second.kind === "void") return true
  if (first.kind === "record" && second.kind === "record" && first.decl.origin !== second.decl.origin) {
    return first.decl.tag !== undefined && first.decl.tag === second.decl.tag
  }
  const x = integerOf(first)
  const y = integerOf(second)
  if (x !== undefined && y !== undefined) return x.rank === y.rank && x.size === y.size
  if (first.kind === "pointer" && second.kind === "pointer") {
    return qualsOf(first.to) === qualsOf(second.to) && compatible(first.to, second.to)
  }
  return compatible(unqualified(first), unqualified(second), false)
}

function phrase(purpose: Purpose, target: Type, source: Type, adjective = ""): string {
  const [to, from] = quoteTypes(target, source)
  const word = adjective === "" ? "" : `${adjective} `
  switch (purpose.kind) {
    case "assign":
      return `assigning to ${to} from ${word}${from}`
    case "init":
      return `initializing ${to} with an expression of ${adjective === "" ? "type" : adjective} ${from}`
    case "pass":
      return `passing ${from} to parameter of ${adjective === "" ? "type" : adjective} ${to}`
    case "return":
      return `returning ${from} from a function with ${adjective === "" ? "" : "incompatible "}result type ${to}`
  }
}

function extra(purpose: Purpose): DiagnosticExtra | undefined {
  return purpose.note && { notes: [purpose.note] }
}
