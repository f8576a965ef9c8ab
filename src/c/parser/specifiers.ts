import { offer, suggest } from "../../base/index.ts"
import type { Attribute, Storage } from "../ast.ts"
import {
  BOOL,
  CHAR,
  DOUBLE,
  FLOAT,
  INT,
  INT128,
  LLONG,
  LONG,
  LONG_DOUBLE,
  SCHAR,
  SHORT,
  toUnsigned,
  UINT128,
  VOID,
  VOID_PTR,
  withQuals,
} from "../sema/basic.ts"
import { FLOAT_HINT, rvalue } from "../sema/convert.ts"
import { unqualified } from "../sema/typeops.ts"
import type { Token } from "../token.ts"
import type { Type } from "../types.ts"
import { ATOMIC, CONST, RESTRICT, VOLATILE } from "../types.ts"
import { alignas, applyTypeAttributes, atAttribute, attributes, qualifyByAttributes } from "./attributes.ts"
import { abstractDeclarator } from "./declarator.ts"
import { enumSpecifier } from "./enum.ts"
import { expression } from "./expression.ts"
import { isKeyword } from "./keywords.ts"
import type { Parser } from "./parser.ts"
import { recordSpecifier } from "./record.ts"

/** What stands left of the declarators. */
export interface Specifiers {
  readonly type: Type
  readonly storage: Storage
  readonly typedef: boolean
  readonly inline: boolean
  /** `__auto_type`, or `auto` without a type: the initialiser gives the type. */
  readonly auto: boolean
  /** `constexpr` */
  readonly constant: boolean
  readonly attrs: readonly Attribute[]
  /** Bytes, from `_Alignas`. */
  readonly align: number | undefined
  readonly start: Token
}

type Word =
  | { readonly kind: "storage"; readonly storage: Storage | "typedef" }
  | { readonly kind: "quals"; readonly quals: number }
  | { readonly kind: "basic"; readonly name: string }
  | {
      readonly kind:
        | "record"
        | "enum"
        | "typeof"
        | "auto"
        | "inline"
        | "atomic"
        | "align"
        | "attribute"
        | "skip"
        | "thread"
        | "constexpr"
        | "unsupported"
    }

const WORDS: ReadonlyMap<string, Word> = new Map<string, Word>([
  ["typedef", { kind: "storage", storage: "typedef" }],
  ["extern", { kind: "storage", storage: "extern" }],
  ["static", { kind: "storage", storage: "static" }],
  ["auto", { kind: "storage", storage: "auto" }],
  ["register", { kind: "storage", storage: "register" }],
  ["_Thread_local", { kind: "thread" }],
  ["__thread", { kind: "thread" }],
  ...["const", "__const", "__const__"].map((w): [string, Word] => [w, { kind: "quals", quals: CONST }]),
  ...["volatile", "__volatile", "__volatile__"].map((w): [string, Word] => [w, { kind: "quals", quals: VOLATILE }]),
  ...["restrict", "__restrict", "__restrict__"].map((w): [string, Word] => [w, { kind: "quals", quals: RESTRICT }]),
  ["_Atomic", { kind: "atomic" }],
  ...["inline", "__inline", "__inline__", "_Noreturn"].map((w): [string, Word] => [w, { kind: "inline" }]),
  ...["void", "char", "short", "int", "long", "float", "double", "signed", "unsigned"].map((w): [string, Word] => [
    w,
    { kind: "basic", name: w },
  ]),
  ["__signed", { kind: "basic", name: "signed" }],
  ["__signed__", { kind: "basic", name: "signed" }],
  ["_Bool", { kind: "basic", name: "bool" }],
  ["__int128", { kind: "basic", name: "int128" }],
  ["_Complex", { kind: "basic", name: "complex" }],
  ["__complex__", { kind: "basic", name: "complex" }],
  ["struct", { kind: "record" }],
  ["union", { kind: "record" }],
  ["enum", { kind: "enum" }],
  ...["typeof", "__typeof", "__typeof__"].map((w): [string, Word] => [w, { kind: "typeof" }]),
  ["__auto_type", { kind: "auto" }],
  ["_Alignas", { kind: "align" }],
  ["__attribute__", { kind: "attribute" }],
  ["__attribute", { kind: "attribute" }],
  ["__extension__", { kind: "skip" }],
  ["_BitInt", { kind: "unsupported" }],
  ...["_Float16", "_Float32", "_Float64", "_Float128", "__float128", "__bf16", "__fp16"].map((w): [string, Word] => [
    w,
    { kind: "unsupported" },
  ]),
  ...["_Decimal32", "_Decimal64", "_Decimal128"].map((w): [string, Word] => [w, { kind: "unsupported" }]),
])

/** Words that are the language's since C23, where the program has not given them a meaning of its own. */
const NEW_WORDS: ReadonlyMap<string, Word> = new Map<string, Word>([
  ["alignas", { kind: "align" }],
  ["bool", { kind: "basic", name: "bool" }],
  ["constexpr", { kind: "constexpr" }],
  ["thread_local", { kind: "thread" }],
  ["typeof_unqual", { kind: "typeof" }],
])

function wordOf(p: Parser, { kind, text }: Token): Word | undefined {
  if (kind !== "ident") return undefined
  const word = WORDS.get(text) ?? NEW_WORDS.get(text)
  return word !== undefined && NEW_WORDS.has(text) && p.lookup(text) !== undefined ? undefined : word
}

/** Types that compilers know without a declaration. */
const PREDECLARED: Readonly<Record<string, Type>> = {
  __int128_t: INT128,
  __uint128_t: UINT128,
  __builtin_va_list: VOID_PTR,
}

/** The type that a word names by itself, when it is no keyword. */
function namedType(p: Parser, name: string): Type | undefined {
  const entity = p.lookup(name)
  if (entity !== undefined)
    return entity.kind === "typedefDecl" ? { kind: "typedef", quals: 0, decl: entity } : undefined
  return Object.hasOwn(PREDECLARED, name) ? PREDECLARED[name] : undefined
}

/** Whether a token begins a type name or a declaration. `__extension__` is for the caller to look behind. */
export function startsType(p: Parser, tok: Token): boolean {
  if (tok.kind !== "ident") return false
  const word = wordOf(p, tok)
  if (word !== undefined) return word.kind !== "skip"
  return !isKeyword(tok.text) && namedType(p, tok.text) !== undefined
}

/**
 *     declaration-specifiers: (storage-class | type-qualifier | function-specifier | alignment-specifier | attributes | type-specifier)+
 *     type-specifier: `void` | `char` | … | struct-or-union-specifier | enum-specifier | typedef-name | `typeof` `(` … `)`
 */
export function specifiers(p: Parser): Specifiers {
  const start = p.tok
  const startPos = p.pos
  let storage: Storage | "typedef" = "none"
  let quals = 0
  let inline = false
  let auto = false
  let constant = false
  let align: number | undefined
  let type: Type | undefined
  let basic: string[] | undefined
  const attrs: Attribute[] = []
  words: for (;;) {
    const { tok } = p
    const word = wordOf(p, tok)
    if (word === undefined) {
      if (tok.text === "[" && atAttribute(p)) {
        attrs.push(...attributes(p))
        continue
      }
      if (type !== undefined || basic !== undefined || auto || tok.kind !== "ident" || isKeyword(tok.text)) break
      type = namedType(p, tok.text)
      if (type === undefined) break
      p.next()
      continue
    }
    switch (word.kind) {
      case "storage":
        p.next()
        // C23: `static auto x = 1` has the type of its initialiser.
        if (storage === "auto" || (word.storage === "auto" && storage !== "none")) {
          if (storage === "auto") storage = word.storage
          auto = true
          break
        }
        if (storage !== "none")
          p.fail("C_SPECIFIERS", `cannot combine with previous '${storage}' declaration specifier`, tok)
        storage = word.storage
        break
      case "quals":
        p.next()
        quals |= word.quals
        break
      case "inline":
        p.next()
        inline ||= word.kind === "inline" && tok.text !== "_Noreturn"
        break
      case "skip":
        p.next()
        break
      case "attribute":
        attrs.push(...attributes(p))
        break
      case "align":
        align = Math.max(align ?? 0, alignas(p))
        break
      case "constexpr":
        p.next()
        constant = true
        quals |= CONST
        break
      case "unsupported":
        unsupportedType(p, tok)
        break
      case "thread":
        p.fail("C_UNSUPPORTED", "thread-local storage is not supported in BPF programs", tok)
        break
      case "basic":
        // `typedef int bool;` declares the name.
        if (tok.text === "bool" && (type !== undefined || basic !== undefined)) break words
        if (type !== undefined || auto) cannotCombine(p, tok)
        p.next()
        basic ??= []
        basic.push(word.name)
        break
      case "auto":
        if (type !== undefined || basic !== undefined) cannotCombine(p, tok)
        p.next()
        auto = true
        break
      case "atomic":
        p.next()
        if (!p.accept("(")) {
          quals |= ATOMIC
          break
        }
        if (type !== undefined || basic !== undefined) cannotCombine(p, tok)
        type = withQuals(typeName(p), ATOMIC)
        p.expect(")", "after '_Atomic(…'")
        break
      default:
        if (type !== undefined || basic !== undefined || auto) cannotCombine(p, tok)
        type =
          word.kind === "record" ? recordSpecifier(p) : word.kind === "enum" ? enumSpecifier(p) : typeofSpecifier(p)
    }
  }
  if (type === undefined && basic === undefined && storage === "auto") {
    storage = "none"
    auto = true
  }
  if (basic !== undefined) type = basicType(p, basic, start)
  else if (type === undefined && !auto) type = missingType(p, startPos)
  const bare = qualifyByAttributes(applyTypeAttributes(p, type ?? INT, attrs), attrs)
  return {
    type: withQuals(bare, quals),
    storage: storage === "typedef" ? "none" : storage,
    typedef: storage === "typedef",
    inline,
    auto: auto && type === undefined,
    constant,
    attrs,
    align,
    start,
  }
}

function cannotCombine(p: Parser, tok: Token): never {
  return p.fail("C_SPECIFIERS", `cannot combine '${tok.text}' with the type specified before`, tok)
}

/** A declaration without a type: what was an int before C99 is one still, with a warning; the rest is an error. */
function missingType(p: Parser, startPos: number): Type {
  const { tok } = p
  const hint = "C no longer takes it for 'int': write the type"
  if (tok.kind === "ident" && !isKeyword(tok.text)) {
    const next = p.peek()
    const implicit = p.pos === startPos ? opensDefinition(p) : next.kind === "punct" && AFTER_NAME.has(next.text)
    if (!implicit) return unknownType(p, tok)
    p.warn("C_IMPLICIT_INT", `the type of '${tok.text}' is missing, and taken to be 'int'`, tok, { hint })
    return INT
  }
  if (p.pos === startPos) return p.unexpected("a type")
  return p.fail("C_IMPLICIT_INT", "a type is missing in the declaration", tok, { hint })
}

/** What may stand behind the name that is declared. */
const AFTER_NAME: ReadonlySet<string> = new Set([";", "=", ",", "[", "(", ")"])

/** Whether `name(…)` can only be a function's definition: its parameters have types, there or behind the `)`. */
function opensDefinition(p: Parser): boolean {
  if (p.scope !== p.fileScope || p.peek().text !== "(") return false
  const first = p.peek(2)
  const typed = first.text === ")" || startsType(p, first)
  const names = new Set<string>()
  let ahead = 2
  for (let depth = 1; depth > 0; ahead++) {
    const { text, kind } = p.peek(ahead)
    if (kind === "eof") return false
    if (kind === "ident" && !isKeyword(text)) names.add(text)
    if (text === "(") depth++
    else if (text === ")") depth--
  }
  if (typed) return p.peek(ahead).text === "{"
  if (!startsType(p, p.peek(ahead))) return false
  // `f(a) int a; {`: what follows declares one of the names.
  for (; p.peek(ahead).kind === "ident" || p.peek(ahead).text === "*"; ahead++)
    if (names.has(p.peek(ahead).text)) return true
  return false
}

/** Reports an identifier that stands where a type should. */
export function unknownType(p: Parser, tok: Token): never {
  const types: string[] = []
  for (const name of p.scope.visible()) if (p.scope.find(name)?.kind === "typedefDecl") types.push(name)
  const tag = ["struct", "union", "enum"].find(kind => p.lookupTag(kind as "struct", tok.text) !== undefined)
  const near = tag === undefined ? (suggest(tok.text, types) ?? p.names?.suggest(tok.text)[0]) : `${tag} ${tok.text}`
  return p.fail("C_UNKNOWN_TYPE", `unknown type name '${tok.text}'${offer(near)}`, tok)
}

/** Words of a basic type, in any order (C11 6.7.2p2). */
function basicType(p: Parser, words: readonly string[], start: Token): Type {
  const count = (name: string) => words.reduce((n, word) => (word === name ? n + 1 : n), 0)
  const long = count("long")
  const base = words.filter(w => w !== "long" && w !== "signed" && w !== "unsigned" && w !== "short" && w !== "complex")
  const kind = base.length === 0 || (base.length === 1 && base[0] === "int") ? "int" : base.join(" ")
  const sign = count("signed") + count("unsigned")
  const unsigned = count("unsigned") > 0
  const wrong = () => p.fail("C_SPECIFIERS", `'${words.join(" ")}' is not a type`, p.from(start))
  if (count("complex") > 0) return p.fail("C_UNSUPPORTED", "complex numbers are not supported in BPF programs", start)
  const short = count("short")
  if (sign > 1 || short > 1 || long > 2 || (short > 0 && long > 0)) return wrong()
  const signed = (type: typeof INT) => (unsigned ? toUnsigned(type) : type)
  switch (kind) {
    case "int":
      return signed(short > 0 ? SHORT : long === 2 ? LLONG : long === 1 ? LONG : INT)
    case "char":
      if (long + short > 0) return wrong()
      return sign === 0 ? CHAR : signed(SCHAR)
    case "int128":
      return long + short > 0 ? wrong() : signed(INT128)
    case "double":
      if (sign + short > 0 || long > 1) return wrong()
      return long === 1 ? LONG_DOUBLE : DOUBLE
  }
  if (sign + short + long > 0) return wrong()
  return kind === "void" ? VOID : kind === "bool" ? BOOL : kind === "float" ? FLOAT : wrong()
}

/** `typeof` `(` (expression | type-name) `)` */
function typeofSpecifier(p: Parser): Type {
  const start = p.next()
  p.expect("(", `after '${start.text}'`)
  p.enter(start)
  p.unevaluated++
  let type: Type
  if (startsType(p, p.tok)) type = typeName(p)
  else {
    const e = expression(p)
    if (e.kind === "member" && e.field.bitWidth !== undefined) {
      p.error("C_BITFIELD_SIZE", "invalid application of 'typeof' to bit-field", e.span)
    }
    // The result of an operator is a value already; an lvalue keeps its qualifiers.
    type = e.kind === "stmtExpr" ? rvalue(p, e).type : e.type
  }
  p.unevaluated--
  p.leave()
  p.expect(")", `after '${start.text}(…'`)
  return start.text === "typeof_unqual" ? unqualified(type) : type
}

function unsupportedType(p: Parser, tok: Token): never {
  if (tok.text === "_BitInt") {
    return p.fail("C_UNSUPPORTED", "_BitInt is not supported: BPF has integers of 8, 16, 32 and 64 bits", tok, {
      hint: "use the next larger type, or a bit-field of it",
    })
  }
  return p.fail("C_FLOAT", `'${tok.text}' cannot be used: BPF has no floating point`, tok, { hint: FLOAT_HINT })
}

/** type-name: specifier-qualifier-list [abstract-declarator] */
export function typeName(p: Parser): Type {
  p.enter(p.tok)
  const spec = specifiers(p)
  if (spec.storage !== "none" || spec.typedef || spec.auto) {
    p.fail("C_SPECIFIERS", "a type name cannot have a storage class", spec.start)
  }
  const type = abstractDeclarator(p, spec.type)
  p.leave()
  return type
}
