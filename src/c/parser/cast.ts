import { joinSpans, type Span } from "../../base/index.ts"
import type { Expr } from "../ast.ts"
import { INT, VOID } from "../sema/basic.ts"
import { castKind, FLOAT_HINT, incomplete, intLit, makeCast, rvalue } from "../sema/convert.ts"
import { floatToInt, floatValue } from "../sema/float.ts"
import { recordOf } from "../sema/records.ts"
import { canonical, compatible, sameType, unqualified } from "../sema/typeops.ts"
import { quoteType } from "../sema/typeString.ts"
import { addressOf, deref, incDec, sizeOfNode, unary } from "../sema/unary.ts"
import type { Type } from "../types.ts"
import { compoundLiteral } from "./initializer.ts"
import type { Parser } from "./parser.ts"
import { postfix, primary } from "./postfix.ts"
import { startsType, typeName } from "./specifiers.ts"

/** cast-expression: unary-expression | `(` type-name `)` cast-expression */
export function castExpression(p: Parser): Expr {
  const { tok } = p
  if (tok.text !== "(" || tok.kind !== "punct" || !startsType(p, p.peek())) return unaryExpression(p)
  p.enter(tok)
  p.next()
  const type = typeName(p)
  p.expect(")", "after the type name")
  const e = p.at("{") ? postfix(p, compoundLiteral(p, type, tok)) : makeExplicitCast(p, type, castExpression(p), tok)
  p.leave()
  return e
}

/**
 *     unary-expression: postfix-expression | (`++` | `--`) unary-expression | (`&` | `*` | `+` | `-` | `~` | `!`) cast-expression
 *                     | (`sizeof` | `_Alignof`) (unary-expression | `(` type-name `)`) | `__extension__` cast-expression
 */
function unaryExpression(p: Parser): Expr {
  const { tok } = p
  if (tok.kind === "punct") {
    const parse = PREFIX.get(tok.text)
    if (parse === undefined) return postfix(p, primary(p))
    p.enter(tok)
    p.next()
    const e = parse(p, tok)
    p.leave()
    return e
  }
  if (tok.kind === "ident") {
    switch (tok.text) {
      case "alignof":
        if (p.lookup("alignof") !== undefined) break
        return sizeOfExpression(p, "alignof")
      case "sizeof":
        return sizeOfExpression(p, "sizeof")
      case "_Alignof":
      case "__alignof__":
      case "__alignof":
        return sizeOfExpression(p, "alignof")
      case "__extension__": {
        p.enter(p.next())
        const e = castExpression(p)
        p.leave()
        return e
      }
      case "__real__":
      case "__imag__":
        p.fail("C_UNSUPPORTED", `'${tok.text}': complex numbers are not supported in BPF programs`, tok)
    }
  }
  return postfix(p, primary(p))
}

const PREFIX: ReadonlyMap<string, (p: Parser, at: Span) => Expr> = new Map<string, (p: Parser, at: Span) => Expr>([
  ["++", (p, at) => incDec(p, "++", true, unaryExpression(p), at)],
  ["--", (p, at) => incDec(p, "--", true, unaryExpression(p), at)],
  ["&", (p, at) => addressOf(p, castExpression(p), at)],
  ["*", (p, at) => deref(p, castExpression(p), at)],
  ["+", (p, at) => unary(p, "+", castExpression(p), at)],
  ["-", (p, at) => unary(p, "-", castExpression(p), at)],
  ["~", (p, at) => unary(p, "~", castExpression(p), at)],
  ["!", (p, at) => unary(p, "!", castExpression(p), at)],
  ["&&", (p, at) => p.fail("C_UNSUPPORTED", "the address of a label cannot be taken: BPF has no computed jumps", at)],
])

function sizeOfExpression(p: Parser, op: "sizeof" | "alignof"): Expr {
  const start = p.next()
  p.unevaluated++
  p.enter(start)
  let of: Type | Expr
  if (p.at("(") && startsType(p, p.peek())) {
    const open = p.next()
    const type = typeName(p)
    p.expect(")", "after the type name")
    of = p.at("{") ? postfix(p, compoundLiteral(p, type, open)) : type
  } else of = unaryExpression(p)
  p.leave()
  p.unevaluated--
  return sizeOfNode(p, op, of, p.from(start))
}

/** `(type) e`; to a union type as GNU C has it. */
export function makeExplicitCast(p: Parser, type: Type, operand: Expr, start: Span): Expr {
  const span = joinSpans(start, operand.span)
  const to = canonical(type)
  if (to.kind === "void") {
    const value = floatValue(operand) === undefined ? operand : intLit(0n, INT, span)
    return makeCast("void", value, VOID, false, span)
  }
  const e = rvalue(p, operand)
  if (to.kind === "record") {
    if (!to.decl.complete) incomplete(p, type, span)
    if (sameType(type, e.type, false)) return makeCast("none", e, unqualified(type), false, span)
    return castToUnion(p, type, e, span)
  }
  const whole = floatToInt(e, unqualified(type))
  if (whole !== undefined) return whole
  const kind = castKind(e.type, type)
  if (kind !== undefined) return makeCast(kind, e, unqualified(type), false, span)
  if (to.kind === "float" || canonical(e.type).kind === "float") {
    p.fail("C_FLOAT", "conversions to and from floating point are not possible in BPF", span, { hint: FLOAT_HINT })
  }
  if (to.kind === "array" || to.kind === "function") {
    p.fail("C_BAD_CAST", `cast to ${to.kind} type ${quoteType(type)} is not allowed`, span)
  }
  return p.fail("C_BAD_CAST", `operand of type ${quoteType(e.type)} cannot be cast to ${quoteType(type)}`, span)
}

function castToUnion(p: Parser, type: Type, e: Expr, span: Span): Expr {
  const record = recordOf(type)
  const field = record?.isUnion ? record.fields.find(f => compatible(unqualified(f.type), e.type, false)) : undefined
  if (field === undefined) {
    return p.fail("C_BAD_CAST", `operand of type ${quoteType(e.type)} cannot be cast to ${quoteType(type)}`, span)
  }
  const init = { kind: "list" as const, type, span, entries: [{ field, init: { kind: "expr" as const, expr: e } }] }
  const literal: Expr = { kind: "compound", init, type, span }
  return rvalue(p, literal)
}
