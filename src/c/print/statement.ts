import type { AsmOperand, AsmStmt, CompoundStmt, DeclStmt, ForStmt, Stmt, VarDecl } from "../ast.ts"
import { printDecl, printVariable } from "./declaration.ts"
import { printExpr } from "./expression.ts"
import { big, quote } from "./literal.ts"
import type { Printer } from "./printer.ts"

/** The statements of a block, without its braces. */
export function printBody(p: Printer, block: CompoundStmt): void {
  for (const stmt of block.body) printStmt(p, stmt)
}

/** A statement on lines of its own. */
export function printStmt(p: Printer, stmt: Stmt): void {
  switch (stmt.kind) {
    case "block":
      braces(p, "", stmt)
      break
    case "decl":
      for (const decl of stmt.decls) printDecl(p, decl)
      break
    case "expr":
      p.line(`${printExpr(p, stmt.expr)};`)
      break
    case "null":
      p.line(";")
      break
    case "if":
      printIf(p, stmt)
      break
    case "while":
      unroll(p, stmt.unroll)
      clause(p, `while (${printExpr(p, stmt.cond)})`, stmt.body)
      break
    case "do":
      unroll(p, stmt.unroll)
      if (stmt.body.kind === "block") {
        p.line("do {")
        p.lines.push(...p.nested(() => printBody(p, stmt.body as CompoundStmt)))
        p.line(`} while (${printExpr(p, stmt.cond)});`)
      } else {
        clause(p, "do", stmt.body)
        p.line(`while (${printExpr(p, stmt.cond)});`)
      }
      break
    case "for":
      printFor(p, stmt)
      break
    case "switch":
      clause(p, `switch (${printExpr(p, stmt.value)})`, stmt.body)
      break
    case "case":
      label(
        p,
        stmt.low === stmt.high ? `case ${big(stmt.low)}:` : `case ${big(stmt.low)} ... ${big(stmt.high)}:`,
        stmt.body,
      )
      break
    case "default":
      label(p, "default:", stmt.body)
      break
    case "label":
      label(p, `${stmt.name}:`, stmt.body)
      break
    case "goto":
      p.line(`goto ${stmt.label};`)
      break
    case "break":
    case "continue":
      p.line(`${stmt.kind};`)
      break
    case "return":
      p.line(stmt.value === undefined ? "return;" : `return ${printExpr(p, stmt.value)};`)
      break
    case "asm":
      p.line(printAsm(p, stmt))
  }
}

/** `head {` … `}` */
function braces(p: Printer, head: string, block: CompoundStmt, tail = ""): void {
  p.line(`${head}{`)
  p.lines.push(...p.nested(() => printBody(p, block)))
  p.line(`}${tail}`)
}

/** A statement that another one ends with. */
function clause(p: Printer, head: string, body: Stmt): void {
  if (body.kind === "block") braces(p, `${head} `, body)
  else {
    p.line(head)
    p.lines.push(...p.nested(() => printStmt(p, body)))
  }
}

function printIf(p: Printer, stmt: Extract<Stmt, { kind: "if" }>, head = ""): void {
  const { cond, other } = stmt
  const first = `${head}if (${printExpr(p, cond)})`
  const wrap = other !== undefined && stmt.then.kind !== "block" && danglingIf(stmt.then)
  const then: Stmt = wrap ? { kind: "block", body: [stmt.then], span: stmt.span } : stmt.then
  if (other === undefined) {
    clause(p, first, then)
    return
  }
  let lead = "else"
  if (then.kind === "block") {
    p.line(`${first} {`)
    p.lines.push(...p.nested(() => printBody(p, then)))
    lead = "} else"
  } else clause(p, first, then)
  if (other.kind === "if") printIf(p, other, `${lead} `)
  else clause(p, lead, other)
}

/** Whether an `else` behind the statement would belong to an `if` inside it. */
function danglingIf(stmt: Stmt): boolean {
  switch (stmt.kind) {
    case "if":
      return stmt.other === undefined || danglingIf(stmt.other)
    case "while":
    case "for":
    case "switch":
    case "case":
    case "default":
    case "label":
      return danglingIf(stmt.body)
    default:
      return false
  }
}

function printFor(p: Printer, stmt: ForStmt): void {
  const { init, cond, step } = stmt
  const declared = init?.kind === "decl" ? oneDeclaration(p, init) : undefined
  if (init?.kind === "decl" && declared === undefined) {
    // More than one declaration cannot stand between the brackets.
    const loop: ForStmt = { ...stmt, init: undefined }
    braces(p, "", { kind: "block", body: [init, loop], span: stmt.span })
    return
  }
  unroll(p, stmt.unroll)
  const first = declared ?? (init?.kind === "expr" ? `${printExpr(p, init.expr)};` : ";")
  const second = cond === undefined ? ";" : ` ${printExpr(p, cond)};`
  const third = step === undefined ? "" : ` ${printExpr(p, step)}`
  clause(p, `for (${first}${second}${third})`, stmt.body)
}

/** Variables of one base type as one declaration: `int i = 0, *p;` */
function oneDeclaration(p: Printer, stmt: DeclStmt): string | undefined {
  const [first, ...rest] = stmt.decls
  if (first?.kind !== "var" || !rest.every((decl): decl is VarDecl => decl.kind === "var" && alike(p, first, decl)))
    return undefined
  return `${[printVariable(p, first), ...rest.map(decl => printVariable(p, decl, true))].join(", ")};`
}

function alike(p: Printer, a: VarDecl, b: VarDecl): boolean {
  return a.storage === b.storage && baseOf(p, a) === baseOf(p, b) && b.attrs.length === 0 && a.attrs.length === 0
}

function baseOf(p: Printer, decl: VarDecl): string {
  let t = decl.type
  while (t.kind === "pointer" || t.kind === "array" || t.kind === "function") {
    t = t.kind === "pointer" ? t.to : t.kind === "array" ? t.element : t.ret
  }
  // An unnamed record can be defined in one place only, so its variables cannot share a declaration.
  const unnamed = (t.kind === "record" || t.kind === "enum") && t.decl.tag === undefined
  return unnamed ? decl.name : p.base(t)
}

function unroll(p: Printer, wish: "full" | number | undefined): void {
  if (wish === undefined) return
  p.lines.push(wish === "full" ? "#pragma unroll" : wish === 1 ? "#pragma nounroll" : `#pragma unroll ${wish}`)
}

/** A label on a line of its own, one level out; what it labels behind it. */
function label(p: Printer, text: string, body: Stmt): void {
  p.depth--
  p.line(text)
  p.depth++
  printStmt(p, body)
}

function printAsm(p: Printer, stmt: AsmStmt): string {
  const operands = (list: readonly AsmOperand[]) =>
    list.map(({ name, constraint, expr }) => {
      const lead = name === undefined ? "" : `[${name}] `
      return `${lead}${quote(constraint)}(${printExpr(p, expr)})`
    })
  const parts = [operands(stmt.outputs), operands(stmt.inputs), stmt.clobbers.map(quote)]
  while (parts.length > 0 && parts[parts.length - 1].length === 0) parts.pop()
  const tail = parts.map(part => ` : ${part.join(", ")}`.trimEnd()).join("")
  return `asm${stmt.volatile ? " volatile" : ""} (${quote(stmt.template)}${tail});`
}
