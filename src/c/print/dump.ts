import { formatPlace, type Span } from "../../base/index.ts"
import type { Decl, Expr, Init, Stmt, TranslationUnit } from "../ast.ts"
import { typeToString } from "../sema/typeString.ts"

/**
 * The tree of a unit, one node a line, children indented by two:
 *
 *     function f 'int (int)' t.c:1:5
 *       param x 'int' t.c:1:11
 *       block t.c:1:14
 *         return t.c:1:16
 *           cast load 'int' t.c:1:23 implicit
 *             ref x 'int' t.c:1:23
 *
 * Declarations of system headers are left out.
 */
export function dumpAst(unit: TranslationUnit): string {
  const out: string[] = []
  for (const decl of unit.decls) if (decl.span?.file.system !== true) dumpDecl(out, 0, decl)
  return `${out.join("\n")}\n`
}

/** The tree of one expression or statement, as `dumpAst` prints it. */
export function dumpNode(node: Expr | Stmt): string {
  const out: string[] = []
  if ("type" in node) dumpExpr(out, 0, node)
  else dumpStmt(out, 0, node)
  return out.join("\n")
}

function line(out: string[], depth: number, text: string, span: Span | undefined, tail = ""): void {
  out.push(`${"  ".repeat(depth)}${text}${span === undefined ? "" : ` ${formatPlace(span)}`}${tail}`)
}

function dumpDecl(out: string[], depth: number, decl: Decl): void {
  switch (decl.kind) {
    case "var": {
      const storage = decl.storage === "none" ? "" : ` ${decl.storage}`
      const word = decl.scope === "param" ? "param" : "var"
      line(out, depth, `${word} ${decl.name} '${typeToString(decl.type)}'`, decl.span, storage)
      if (decl.init !== undefined) dumpInit(out, depth + 1, decl.init)
      break
    }
    case "function": {
      const words = `${decl.storage === "none" ? "" : ` ${decl.storage}`}${decl.inline ? " inline" : ""}`
      line(out, depth, `function ${decl.name} '${typeToString(decl.type)}'`, decl.span, words)
      for (const param of decl.params) dumpDecl(out, depth + 1, param)
      if (decl.body !== undefined) dumpStmt(out, depth + 1, decl.body)
      break
    }
    case "typedefDecl":
      line(out, depth, `typedef ${decl.name} '${typeToString(decl.type)}'`, decl.span)
      break
    case "recordDecl": {
      const size = decl.complete ? ` size ${decl.size} align ${decl.align}` : " incomplete"
      line(out, depth, `${decl.isUnion ? "union" : "struct"} ${decl.tag ?? "(anonymous)"}${size}`, decl.span)
      for (const { name, type, offset, bitOffset, bitWidth } of decl.complete ? decl.fields : []) {
        const at = bitWidth === undefined ? `${offset}` : `${offset}:${bitOffset} width ${bitWidth}`
        line(out, depth + 1, `field ${name ?? "(anonymous)"} '${typeToString(type)}' at ${at}`, undefined)
      }
      break
    }
    case "enumDecl":
      line(out, depth, `enum ${decl.tag ?? "(anonymous)"} '${typeToString(decl.underlying)}'`, decl.span)
      for (const { name, value } of decl.constants) line(out, depth + 1, `enumerator ${name} ${value}`, undefined)
  }
}

function dumpInit(out: string[], depth: number, init: Init): void {
  if (init.kind === "expr") {
    dumpExpr(out, depth, init.expr)
    return
  }
  line(out, depth, `list '${typeToString(init.type)}'${init.keeps ? " keeps" : ""}`, init.span)
  for (const { field, index, last, init: inner } of init.entries) {
    const range = last === undefined || last === index ? `[${index}]` : `[${index} ... ${last}]`
    line(out, depth + 1, field === undefined ? range : `.${field.name ?? "(anonymous)"}`, undefined)
    dumpInit(out, depth + 2, inner)
  }
}

function dumpStmt(out: string[], depth: number, stmt: Stmt): void {
  line(out, depth, describeStmt(stmt), stmt.span)
  const next = depth + 1
  const named = (name: string, e: Expr | undefined) => {
    if (e === undefined) return
    line(out, next, name, undefined)
    dumpExpr(out, next + 1, e)
  }
  switch (stmt.kind) {
    case "block":
      for (const inner of stmt.body) dumpStmt(out, next, inner)
      break
    case "decl":
      for (const decl of stmt.decls) dumpDecl(out, next, decl)
      break
    case "expr":
      dumpExpr(out, next, stmt.expr)
      break
    case "if":
      named("cond", stmt.cond)
      dumpStmt(out, next, stmt.then)
      if (stmt.other !== undefined) dumpStmt(out, next, stmt.other)
      break
    case "while":
    case "do":
      named("cond", stmt.cond)
      dumpStmt(out, next, stmt.body)
      break
    case "for":
      if (stmt.init !== undefined) dumpStmt(out, next, stmt.init)
      named("cond", stmt.cond)
      named("step", stmt.step)
      dumpStmt(out, next, stmt.body)
      break
    case "switch":
      named("value", stmt.value)
      dumpStmt(out, next, stmt.body)
      break
    case "case":
    case "default":
    case "label":
      dumpStmt(out, next, stmt.body)
      break
    case "return":
      if (stmt.value !== undefined) dumpExpr(out, next, stmt.value)
      break
    case "asm":
      for (const { constraint, expr } of [...stmt.outputs, ...stmt.inputs]) {
        named(`operand ${JSON.stringify(constraint)}`, expr)
      }
  }
}

function describeStmt(stmt: Stmt): string {
  switch (stmt.kind) {
    case "case":
      return stmt.low === stmt.high ? `case ${stmt.low}` : `case ${stmt.low} ... ${stmt.high}`
    case "label":
      return `label ${stmt.name}`
    case "goto":
      return `goto ${stmt.label}`
    case "asm":
      return `asm${stmt.volatile ? " volatile" : ""} ${JSON.stringify(stmt.template)}`
    case "while":
    case "do":
    case "for":
      return stmt.unroll === undefined ? stmt.kind : `${stmt.kind} unroll ${stmt.unroll}`
    default:
      return stmt.kind
  }
}

function dumpExpr(out: string[], depth: number, e: Expr): void {
  const tail = (e.kind === "cast" || e.kind === "member") && e.implicit ? " implicit" : ""
  line(out, depth, `${describeExpr(e)} '${typeToString(e.type)}'`, e.span, tail)
  for (const child of operands(e)) dumpExpr(out, depth + 1, child)
  if (e.kind === "stmtExpr") dumpStmt(out, depth + 1, e.body)
  if (e.kind === "compound") dumpInit(out, depth + 1, e.init)
}

function describeExpr(e: Expr): string {
  switch (e.kind) {
    case "int":
      return `int ${e.text === undefined ? "" : `${e.text} = `}${e.value}`
    case "string":
      return `string ${JSON.stringify(new TextDecoder().decode(e.bytes))}`
    case "ref":
      return `ref ${e.decl.name}`
    case "unary":
    case "binary":
    case "logical":
      return `${e.kind} ${e.op}`
    case "incdec":
      return e.prefix ? `incdec ${e.op}x` : `incdec x${e.op}`
    case "member":
      return `member ${e.arrow ? "->" : "."}${e.field.name ?? "(anonymous)"}`
    case "assign":
      return `assign ${e.op ?? ""}=${e.computeType === undefined ? "" : ` in '${typeToString(e.computeType)}'`}`
    case "cast":
      return `cast ${e.cast}`
    case "sizeof":
      return `${e.op} = ${e.value}`
    case "offsetof":
      return `offsetof ${typeToString(e.record)} ${e.path} = ${e.value}`
    case "builtin":
      return `builtin ${[e.name, ...e.types.map(type => `'${typeToString(type)}'`)].join(" ")}`
    case "core":
    case "corePlace": {
      const what = e.kind === "core" ? `${e.relocation} = ${e.value}` : `+${e.offset}`
      return `${e.kind} '${typeToString(e.root)}' ${e.access.join(":")} ${what}`
    }
    case "mapRef":
      return `mapRef ${e.map}`
    case "kernelRead":
      return `kernelRead ${e.helper.name}${e.bitField === undefined ? "" : ` bit-field ${e.bitField.name}`}`
    default:
      return e.kind
  }
}

/** The expressions directly inside an expression. */
export function operands(e: Expr): readonly Expr[] {
  switch (e.kind) {
    case "unary":
    case "incdec":
    case "addressOf":
    case "deref":
    case "cast":
      return [e.operand]
    case "index":
      return [e.base, e.index]
    case "member":
    case "corePlace":
      return [e.base]
    case "binary":
    case "logical":
    case "assign":
    case "comma":
      return [e.left, e.right]
    case "cond":
      return e.then === undefined ? [e.cond, e.other] : [e.cond, e.then, e.other]
    case "call":
      return [e.callee, ...e.args]
    case "sizeof":
      return "span" in e.of ? [e.of] : []
    case "builtin":
      return e.args
    case "kernelRead":
      return [e.address]
    default:
      return []
  }
}
