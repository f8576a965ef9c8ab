import type { Expr, Init, InitList, KernelRead, Member } from "../ast.ts"
import { pointerTo, UINT128, ULLONG } from "../sema/basic.ts"
import { canonical, integerOf, sizeOf } from "../sema/typeops.ts"
import type { Type } from "../types.ts"
import { printInt, printString } from "./literal.ts"
import type { Printer } from "./printer.ts"
import { printBody } from "./statement.ts"

/** How tightly operators bind; an operand that binds less than its place asks gets brackets. */
const COMMA = 0
const ASSIGN = 1
const COND = 2
const UNARY = 13
const POSTFIX = 14
const BINARY: Readonly<Record<string, number>> = {
  "||": 3,
  "&&": 4,
  "|": 5,
  "^": 6,
  "&": 7,
  "==": 8,
  "!=": 8,
  "<": 9,
  ">": 9,
  "<=": 9,
  ">=": 9,
  "<<": 10,
  ">>": 10,
  "+": 11,
  "-": 11,
  "*": 12,
  "/": 12,
  "%": 12,
}

/** An expression as C text; `least` is how tightly it must bind where it stands. */
export function printExpr(p: Printer, e: Expr, least = COMMA): string {
  if (e.kind === "cast" && e.implicit) return printExpr(p, e.operand, least)
  const [text, binding] = pieces(p, e)
  return binding < least ? `(${text})` : text
}

function pieces(p: Printer, e: Expr): [string, number] {
  switch (e.kind) {
    case "int": {
      const { text, cast } = printInt(e)
      if (cast) return [`(${p.typeName(e.type)})${text.startsWith("-") ? `(${text})` : text}`, UNARY]
      return [text, text.startsWith("-") ? UNARY : POSTFIX]
    }
    case "string":
      return [printString(e), POSTFIX]
    case "ref":
      p.use(e.decl)
      return [e.decl.name, POSTFIX]
    case "unary":
      return [prefix(e.op, printExpr(p, e.operand, UNARY)), UNARY]
    case "incdec":
      if (e.prefix) return [prefix(e.op, printExpr(p, e.operand, UNARY)), UNARY]
      return [printExpr(p, e.operand, POSTFIX) + e.op, POSTFIX]
    case "addressOf":
      return [prefix("&", printExpr(p, e.operand, UNARY)), UNARY]
    case "deref":
      return [prefix("*", printExpr(p, e.operand, UNARY)), UNARY]
    case "index":
      return [`${printExpr(p, e.base, POSTFIX)}[${printExpr(p, e.index)}]`, POSTFIX]
    case "member":
      return [printMember(p, e), POSTFIX]
    case "binary":
    case "logical": {
      const binding = BINARY[e.op]
      return [`${printExpr(p, e.left, binding)} ${e.op} ${printExpr(p, e.right, binding + 1)}`, binding]
    }
    case "assign":
      return [`${printExpr(p, e.left, UNARY)} ${e.op ?? ""}= ${printExpr(p, e.right, ASSIGN)}`, ASSIGN]
    case "cond": {
      const then = e.then === undefined ? "?:" : `? ${printExpr(p, e.then, ASSIGN)} :`
      return [`${printExpr(p, e.cond, COND + 1)} ${then} ${printExpr(p, e.other, COND)}`, COND]
    }
    case "comma":
      return [`${printExpr(p, e.left, COMMA)}, ${printExpr(p, e.right, ASSIGN)}`, COMMA]
    case "call":
      return [`${printExpr(p, e.callee, POSTFIX)}(${list(p, e.args)})`, POSTFIX]
    case "cast":
      return [`(${p.typeName(e.type)})${printExpr(p, e.operand, UNARY)}`, UNARY]
    case "compound":
      return [`(${p.typeName(e.type)})${printInit(p, e.init)}`, POSTFIX]
    case "stmtExpr":
      return [printStatementExpression(p, e.body.body.length, () => printBody(p, e.body)), POSTFIX]
    case "sizeof":
      return [
        `${e.op === "sizeof" ? "sizeof" : "_Alignof"}(${"span" in e.of ? printExpr(p, e.of) : p.typeName(e.of)})`,
        UNARY,
      ]
    case "offsetof":
      return [`__builtin_offsetof(${p.typeName(e.record)}, ${e.path})`, POSTFIX]
    case "builtin":
      return [
        `${e.name}(${e.args.length > 0 ? list(p, e.args) : e.types.map(type => p.typeName(type)).join(", ")})`,
        POSTFIX,
      ]
    case "core":
      return [String(e.value), POSTFIX]
    case "corePlace":
      return [`*(${p.typeName(pointerTo(e.type))})((char *)${printExpr(p, e.base, UNARY)} + ${e.offset})`, UNARY]
    case "mapRef":
      return [`&${e.map}`, UNARY]
    case "kernelRead":
      return [printKernelRead(p, e), POSTFIX]
  }
}

function list(p: Printer, args: readonly Expr[]): string {
  return args.map(arg => printExpr(p, arg, ASSIGN)).join(", ")
}

/** `- -x`, not `--x`. */
function prefix(op: string, operand: string): string {
  return operand.startsWith(op[0]) ? `${op} ${operand}` : op + operand
}

/** Members on the way that were not written are left out. */
function printMember(p: Printer, e: Member): string {
  let { base, arrow } = e
  while (base.kind === "member" && base.implicit) ({ base, arrow } = base)
  return `${printExpr(p, base, POSTFIX)}${arrow ? "->" : "."}${e.field.name ?? ""}`
}

function printStatementExpression(p: Printer, count: number, print: () => void): string {
  const inner = p.nested(print)
  if (count === 0) return "({ })"
  return `({\n${inner.join("\n")}\n${"    ".repeat(p.depth)}})`
}

/**
 *     ({ T _val; __builtin_memset(&_val, 0, sizeof(_val)); bpf_probe_read(&_val, sizeof(_val), (void *)ADDRESS); _val; })
 *
 * A bit-field is cut out of its storage unit at the end.
 */
function printKernelRead(p: Printer, e: KernelRead): string {
  p.use(e.helper)
  const address = printExpr(p, e.address, UNARY)
  const field = e.bitField
  const width = field?.bitWidth ?? 0
  const end = (field?.bitOffset ?? 0) + width
  // A packed bit-field may reach beyond the unit of its type.
  const crosses = end > (sizeOf(e.type) ?? 0) * 8
  const holder = !crosses ? e.type : end > 64 ? UINT128 : ULLONG
  const size = crosses ? `${Math.ceil(end / 8)}` : "sizeof(_val)"
  const read = `${e.helper.name}(&_val, ${size}, (void *)${address})`
  const value = field === undefined ? "_val" : cutBitField(p, holder, e.type, end - width, width)
  return `({ ${p.declaration(holder, "_val")}; __builtin_memset(&_val, 0, sizeof(_val)); ${read}; ${value}; })`
}

/** The bits of a field in `_val`, moved up to lose those above and down again with the right sign. */
function cutBitField(p: Printer, holder: Type, type: Type, offset: number, width: number): string {
  const int = integerOf(type)
  const bits = (sizeOf(holder) ?? 8) > 8 ? 128 : 64
  const wide = bits === 128 ? "__int128" : "long long"
  const value = int?.name === "bool" ? "*(unsigned char *)&_val" : "_val"
  const up = `(unsigned ${wide})${value} << ${bits - offset - width}`
  return `(${p.typeName(type)})((${int?.signed ? wide : `unsigned ${wide}`})(${up}) >> ${bits - width})`
}

/** An initialiser; members of records are named unless they come in order from the first. */
export function printInit(p: Printer, init: Init): string {
  return init.kind === "expr" ? printExpr(p, init.expr, ASSIGN) : `{${entries(p, init, []).join(", ")}}`
}

/** `outer`: designators of what stands around, where an unnamed member has none of its own. */
function entries(p: Printer, init: InitList, outer: readonly string[]): string[] {
  const out: string[] = []
  const isArray = canonical(init.type).kind === "array"
  const named = outer.length > 0 || !inOrder(init, isArray)
  for (const { field, index = 0, last = index, init: inner } of init.entries) {
    if (field !== undefined && field.name === undefined && inner.kind === "list" && named) {
      out.push(...entries(p, inner, [outer.join("")]))
      continue
    }
    const range = last === index ? `[${index}]` : `[${index} ... ${last}]`
    const place = `${outer.join("")}${isArray ? range : `.${field?.name ?? ""}`}`
    if (inner.kind === "list" && inner.keeps) out.push(...entries(p, inner, [place]))
    else out.push(`${named ? `${place} = ` : ""}${printInit(p, inner)}`)
  }
  return out
}

function inOrder(init: InitList, isArray: boolean): boolean {
  return init.entries.every((entry, i) => {
    if (isArray) return entry.index === i && (entry.last ?? i) === i
    const { field } = entry
    const members = field?.record.fields.filter(f => f.name !== undefined || f.bitWidth === undefined) ?? []
    return members[i] === field
  })
}
