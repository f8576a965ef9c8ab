import type { Span } from "../../base/index.ts"
import * as c from "../../c/index.ts"

/** Constructors of typed nodes, for code that the rewriter makes. All take the place of what they stand for. */

export function variable(name: string, type: c.Type, span: Span, init?: c.Expr): c.VarDecl {
  return {
    kind: "var",
    name,
    type,
    storage: "none",
    scope: "local",
    init: init && { kind: "expr", expr: init },
    attrs: [],
    span,
  }
}

export function ref(decl: c.VarDecl | c.FunctionDecl, span: Span): c.Ref {
  return { kind: "ref", decl, type: decl.type, span }
}

/** The value of an lvalue; an array decays. */
export function load(lvalue: c.Expr): c.Expr {
  const t = c.canonical(lvalue.type)
  if (t.kind === "array") return c.makeCast("decay", lvalue, c.pointerTo(t.element))
  return c.makeCast("load", lvalue, c.unqualified(lvalue.type))
}

/** The value of a variable. */
export function value(decl: c.VarDecl, span: Span): c.Expr {
  return load(ref(decl, span))
}

export function addressOf(lvalue: c.Expr, span: Span = lvalue.span): c.Expr {
  return { kind: "addressOf", operand: lvalue, type: c.pointerTo(lvalue.type), span }
}

/** `*pointer`; the lvalue itself for `*&lvalue`. */
export function deref(pointer: c.Expr, span: Span = pointer.span): c.Expr {
  if (pointer.kind === "addressOf") return pointer.operand
  const t = c.canonical(pointer.type)
  return { kind: "deref", operand: pointer, type: t.kind === "pointer" ? t.to : c.VOID, span }
}

export function int(n: number | bigint, type: c.IntType, span: Span, text?: string): c.Expr {
  return c.intLit(BigInt(n), type, span, text)
}

/** `sizeof` of a type or of an lvalue, printed as such. */
export function sizeOf(of: c.Type | c.Expr, span: Span): c.Expr {
  const type = "span" in of ? of.type : of
  return { kind: "sizeof", op: "sizeof", of, value: BigInt(c.sizeOf(type) ?? 0), type: c.SIZE_T, span }
}

/** An explicit cast; the same expression when the type is already right. */
export function cast(e: c.Expr, type: c.Type, implicit = false): c.Expr {
  const kind = c.castKind(e.type, type)
  if (kind === undefined || (kind === "none" && c.sameType(e.type, type))) return e
  return c.makeCast(kind, e, type, implicit)
}

/** A call; arguments are converted to the parameters' types. */
export function call(fn: c.FunctionDecl, args: readonly c.Expr[], span: Span): c.Call {
  const callee = c.makeCast("functionDecay", ref(fn, span), c.pointerTo(fn.type))
  const passed = args.map((arg, i) => (i < fn.type.params.length ? c.convert(arg, fn.type.params[i]) : arg))
  return { kind: "call", callee, args: passed, type: c.unqualified(fn.type.ret), span }
}

/** A function that the compiler itself has, as if it had been declared. */
export const builtin = (name: string, type: c.FunctionDecl["type"], span: c.FunctionDecl["span"]): c.FunctionDecl => ({
  kind: "function",
  name,
  type,
  params: [],
  storage: "extern",
  inline: false,
  body: undefined,
  attrs: [],
  span,
  builtin: name,
})

/** `__builtin_bswapN(e)` */
export function byteSwap(bits: 16 | 32 | 64, e: c.Expr, span: Span): c.Expr {
  const type = bits === 16 ? c.USHORT : bits === 32 ? c.UINT : c.ULLONG
  const name = `__builtin_bswap${bits}`
  return call(builtin(name, c.functionType(type, [type]), span), [e], span)
}

export function binary(op: c.BinaryOp, left: c.Expr, right: c.Expr, type: c.Type, span: Span): c.Expr {
  return { kind: "binary", op, left, right, type, span }
}

/** `!e` */
export function not(e: c.Expr): c.Expr {
  return { kind: "unary", op: "!", operand: e, type: c.INT, span: e.span }
}

export function assign(left: c.Expr, right: c.Expr, span: Span): c.Expr {
  return { kind: "assign", left, right, type: c.unqualified(left.type), span }
}

export function mapRef(map: string, span: Span): c.MapRef {
  return { kind: "mapRef", map, type: c.VOID_PTR, span }
}

export function exprStmt(expr: c.Expr): c.Stmt {
  return { kind: "expr", expr, span: expr.span }
}

export function declStmt(decl: c.VarDecl): c.Stmt {
  return { kind: "decl", decls: [decl], span: decl.span }
}

export function block(body: readonly c.Stmt[], span: Span): c.CompoundStmt {
  return { kind: "block", body, span }
}

export function ifStmt(cond: c.Expr, then: c.Stmt, other: c.Stmt | undefined, span: Span): c.Stmt {
  return { kind: "if", cond, then, other, span }
}

/** `({ body })`: its value is that of the last statement, if that is an expression. */
export function stmtExpr(body: readonly c.Stmt[], span: Span): c.StmtExpr {
  const last = body[body.length - 1]
  return { kind: "stmtExpr", body: block(body, span), type: last?.kind === "expr" ? last.expr.type : c.VOID, span }
}

/** An initialiser that is all zero: `{}`. */
export function zeroInit(type: c.Type, span: Span): c.Init {
  const t = c.canonical(type)
  if (t.kind === "record" || t.kind === "array") return { kind: "list", type, span, entries: [] }
  const zero = int(0, c.INT, span)
  return { kind: "expr", expr: t.kind === "pointer" ? c.makeCast("intToPointer", zero, type) : c.convert(zero, type) }
}

/** Whether an expression can be written twice: it changes nothing, and costs nothing. */
export function isRepeatable(e: c.Expr): boolean {
  switch (e.kind) {
    case "int":
    case "string":
    case "ref":
    case "sizeof":
    case "offsetof":
    case "mapRef":
      return true
    case "cast":
      return isRepeatable(e.operand)
    case "addressOf":
      return isRepeatable(e.operand)
    case "member":
      return isRepeatable(e.base)
    default:
      return false
  }
}

/** The expression under conversions that nobody wrote, or under all pointer and integer casts. */
export function stripCasts(e: c.Expr, written = true): c.Expr {
  while (e.kind === "cast" && e.cast !== "load" && e.cast !== "decay" && (written || e.implicit)) e = e.operand
  return e
}
