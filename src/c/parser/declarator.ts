import { joinSpans, type Span } from "../../base/index.ts"
import type { Attribute, Expr, VarDecl } from "../ast.ts"
import { evaluate } from "../constant/evaluate.ts"
import { arrayOf, functionType, pointerTo } from "../sema/basic.ts"
import { incomplete, rvalue } from "../sema/convert.ts"
import type { Scope } from "../sema/scope.ts"
import { adjustedParameter, canonical, isComplete, isInteger, isVoid, sizeOf } from "../sema/typeops.ts"
import { quoteType } from "../sema/typeString.ts"
import type { Token } from "../token.ts"
import { ATOMIC, CONST, RESTRICT, type Type, VOLATILE } from "../types.ts"
import { atAttribute, attributes } from "./attributes.ts"
import { assignment } from "./expression.ts"
import { isKeyword } from "./keywords.ts"
import type { Parser } from "./parser.ts"
import { type Specifiers, specifiers, startsType, unknownType } from "./specifiers.ts"

/** What a declarator declares. */
export interface Declarator {
  readonly name: Token | undefined
  readonly type: Type
  readonly attrs: readonly Attribute[]
  /** The parameters of a function declarator, and their scope. */
  readonly func: FunctionPart | undefined
  readonly span: Span
}

export interface FunctionPart {
  readonly kind: "function"
  readonly params: readonly VarDecl[]
  readonly scope: Scope
  readonly variadic: boolean
  readonly unspecified: boolean
  /** Names of an old-style (K&R) parameter list; their types stand between the `)` and the body. */
  readonly names: readonly Token[]
  readonly span: Span
}

/** A step from the type left of a declarator to that of its name. */
type Part =
  | { readonly kind: "pointer"; readonly quals: number; readonly span: Span }
  | { readonly kind: "array"; readonly count: number | undefined; readonly span: Span }
  | FunctionPart

type NameRule = "named" | "abstract" | "either"

/** A size that is computed when the program runs: in a parameter the outermost one says nothing, for the array is a pointer. */
const COMPUTED = -1
/** The same, of an expression that does something when it is computed, which a parameter's size is on entry. */
const CHANGING = -2

interface Pieces {
  name: Token | undefined
  attrs: Attribute[]
}

/** declarator: pointer* direct-declarator */
export function declarator(p: Parser, base: Type, rule: NameRule = "named"): Declarator {
  const start = p.tok
  const pieces: Pieces = { name: undefined, attrs: [] }
  const parts = declaratorParts(p, rule, pieces)
  const outermost = parts[parts.length - 1]
  if (rule === "either" && outermost?.kind === "array" && outermost.count === COMPUTED)
    parts[parts.length - 1] = { ...outermost, count: undefined }
  const type = parts.reduce((t, part) => applyPart(p, t, part), base)
  const last = parts[parts.length - 1]
  const span = pieces.name ?? (start === p.tok ? p.end() : joinSpans(start, p.last))
  return { name: pieces.name, type, attrs: pieces.attrs, func: last?.kind === "function" ? last : undefined, span }
}

/** abstract-declarator: pointer* [direct-abstract-declarator] */
export function abstractDeclarator(p: Parser, base: Type): Type {
  const { text } = p.tok
  return text === ")" || text === ":" || text === "," ? base : declarator(p, base, "abstract").type
}

/**
 *     pointer: `*` (type-qualifier | attributes)*
 *     direct-declarator: (identifier | `(` declarator `)`) (`[` … `]` | `(` parameters `)`)*
 *
 * The parts come in the order in which they apply to the base type: pointers, then suffixes from right to left, then what stands in brackets.
 */
function declaratorParts(p: Parser, rule: NameRule, pieces: Pieces): Part[] {
  p.enter(p.tok)
  const parts: Part[] = []
  pieces.attrs.push(...attributes(p))
  while (p.at("*")) {
    const span = p.next()
    parts.push({ kind: "pointer", quals: pointerQuals(p, pieces), span })
    if (parts.length > 64) p.fail("C_TOO_DEEP", "more than 64 pointers in one declarator", span)
  }
  let inner: Part[] = []
  if (p.at("(") && (rule === "named" || opensDeclarator(p))) {
    p.next()
    inner = declaratorParts(p, rule, pieces)
    p.expect(")", "after the declarator")
  } else if (p.atName() && rule !== "abstract") {
    pieces.name = p.next()
  } else if (rule === "named") {
    p.unexpected("identifier or '('")
  }
  const suffixes: Part[] = []
  for (;;) {
    if (p.at("[") && atAttribute(p)) pieces.attrs.push(...attributes(p))
    else if (p.at("[")) suffixes.push(arraySuffix(p))
    else if (p.at("(")) suffixes.push(functionSuffix(p))
    else break
    if (suffixes.length > 64) p.fail("C_TOO_DEEP", "more than 64 dimensions in one declarator", p.tok)
  }
  p.leave()
  return [...parts, ...suffixes.reverse(), ...inner]
}

/** Whether a `(` opens a declarator in brackets rather than a parameter list, where no name need stand. */
function opensDeclarator(p: Parser): boolean {
  const next = p.peek()
  if (next.kind === "ident") return next.text.startsWith("__attribute") || !startsType(p, next)
  return next.text === "*" || next.text === "(" || next.text === "["
}

function pointerQuals(p: Parser, pieces: Pieces): number {
  let quals = 0
  for (;;) {
    if (p.at("const") || p.at("__const") || p.at("__const__")) quals |= CONST
    else if (p.at("volatile") || p.at("__volatile") || p.at("__volatile__")) quals |= VOLATILE
    else if (p.at("restrict") || p.at("__restrict") || p.at("__restrict__")) quals |= RESTRICT
    else if (p.at("_Atomic")) quals |= ATOMIC
    else if (atAttribute(p)) {
      pieces.attrs.push(...attributes(p))
      continue
    } else return quals
    p.next()
  }
}

/** `[` (`static` | type-qualifier)* [assignment-expression | `*`] `]`; what stands before the size says nothing here */
function arraySuffix(p: Parser): Part {
  const start = p.next()
  while (p.accept("static") || pointerQuals(p, { name: undefined, attrs: [] }) !== 0);
  if (p.at("*") && p.peek().text === "]") p.next()
  if (p.at("]")) return { kind: "array", count: undefined, span: joinSpans(start, p.next()) }
  p.unevaluated++
  const size = rvalue(p, assignment(p))
  p.unevaluated--
  const span = joinSpans(start, p.expect("]", "after the array size"))
  if (!isInteger(size.type))
    p.fail("C_NOT_INTEGER", `size of array has non-integer type ${quoteType(size.type)}`, size.span)
  const value = evaluate(size)
  if (value === undefined) return { kind: "array", count: changesNothing(size) ? COMPUTED : CHANGING, span: size.span }
  if (value < 0n) p.fail("C_ARRAY_SIZE", "array has a negative size", size.span)
  if (value > 0xffff_ffffn) p.fail("C_ARRAY_SIZE", "array is too large", size.span)
  return { kind: "array", count: Number(value), span }
}

/** Whether an expression only reads; calls and the like may not. */
function changesNothing(e: Expr): boolean {
  switch (e.kind) {
    case "int":
    case "sizeof":
    case "ref":
      return true
    case "cast":
    case "unary":
      return changesNothing(e.operand)
    case "binary":
      return changesNothing(e.left) && changesNothing(e.right)
    default:
      return false
  }
}

/** `(` [`void` | parameter (`,` parameter)* [`,` `...`]] `)` */
function functionSuffix(p: Parser): FunctionPart {
  const start = p.next()
  const scope = p.push("prototype")
  const params: VarDecl[] = []
  let variadic = false
  const names = oldStyleNames(p)
  const unspecified = names.length > 0 || p.at(")")
  if (p.at("void") && p.peek().text === ")") p.next()
  else if (!unspecified) {
    do {
      if (p.accept("...")) {
        variadic = true
        break
      }
      params.push(parameter(p))
    } while (p.accept(","))
  }
  p.expect(")", "after the parameters")
  p.pop()
  return { kind: "function", params, scope, variadic, unspecified, names, span: p.from(start) }
}

/** identifier-list: identifier (`,` identifier)*, in front of a `)` */
function oldStyleNames(p: Parser): Token[] {
  const isName = (tok: Token) => tok.kind === "ident" && !isKeyword(tok.text) && !startsType(p, tok)
  const names: Token[] = []
  for (let ahead = 0; isName(p.peek(ahead)); ahead += 2) {
    names.push(p.peek(ahead))
    const after = p.peek(ahead + 1).text
    if (after === ")") {
      p.seek(p.pos + ahead + 1)
      return names
    }
    if (after !== ",") break
  }
  return []
}

/** parameter: declaration-specifiers (declarator | [abstract-declarator]) */
function parameter(p: Parser): VarDecl {
  const { tok } = p
  if (tok.kind === "ident" && !startsType(p, tok) && tok.text !== "__extension__") unknownType(p, tok)
  const spec = specifiers(p)
  if (spec.typedef || spec.auto || (spec.storage !== "none" && spec.storage !== "register")) {
    p.fail("C_SPECIFIERS", "invalid storage class in a parameter", spec.start)
  }
  const d = declarator(p, spec.type, "either")
  const attrs = [...spec.attrs, ...d.attrs, ...attributes(p)]
  if (isVoid(d.type)) p.fail("C_VOID_PARAMETER", "a parameter cannot have type 'void'", d.span)
  return declareParameter(p, spec, d, attrs)
}

/** Makes a parameter known in the current scope. */
export function declareParameter(p: Parser, spec: Specifiers, d: Declarator, attrs: readonly Attribute[]): VarDecl {
  const name = d.name?.text ?? ""
  const param: VarDecl = {
    kind: "var",
    name,
    type: adjustedParameter(d.type),
    storage: spec.storage,
    scope: "param",
    init: undefined,
    attrs,
    span: d.name ?? joinSpans(spec.start, p.last),
  }
  if (name !== "") {
    if (p.scope.names.has(name)) p.error("C_REDEFINITION", `redefinition of parameter '${name}'`, d.span)
    p.scope.names.set(name, param)
  }
  return param
}

function applyPart(p: Parser, type: Type, part: Part): Type {
  const kind = canonical(type).kind
  switch (part.kind) {
    case "pointer":
      return pointerTo(type, part.quals)
    case "array": {
      if (kind === "function") return p.fail("C_BAD_TYPE", "an array of functions is not a type", part.span)
      if (kind === "void" || !isComplete(type)) incomplete(p, type, part.span)
      const size = sizeOf(type) ?? 0
      if (part.count === COMPUTED || part.count === CHANGING) {
        return p.fail(
          "C_VLA",
          "variable length arrays are not supported: the stack of a BPF program has a fixed size",
          part.span,
          { hint: "use a constant size and a check that the index is below it" },
        )
      }
      if (part.count !== undefined && size * part.count > 0xffff_ffff)
        p.fail("C_ARRAY_SIZE", "array is too large", part.span)
      return arrayOf(type, part.count)
    }
    case "function":
      if (kind === "function" || kind === "array") {
        return p.fail("C_BAD_TYPE", `a function cannot return ${kind} type ${quoteType(type)}`, part.span)
      }
      return functionType(
        type,
        part.params.map(param => param.type),
        part.variadic,
        part.unspecified,
      )
  }
}
