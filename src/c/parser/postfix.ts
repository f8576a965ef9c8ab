import { offer, suggest } from "../../base/index.ts"
import type { Expr, StringLit } from "../ast.ts"
import { arrayOf, BOOL, CHAR, INT, VOID, VOID_PTR, withQuals } from "../sema/basic.ts"
import { callGeneric, isGenericBuiltin, plainBuiltin } from "../sema/builtins.ts"
import { call } from "../sema/call.ts"
import { Abort } from "../sema/context.ts"
import { intLit, makeCast } from "../sema/convert.ts"
import { insteadOfLibrary } from "../sema/library.ts"
import { member } from "../sema/member.ts"
import type { Entity } from "../sema/scope.ts"
import { isVoid } from "../sema/typeops.ts"
import { incDec, index } from "../sema/unary.ts"
import type { Token } from "../token.ts"
import { CONST } from "../types.ts"
import { block } from "./block.ts"
import { builtinForm, refusedLibrary } from "./builtinForms.ts"
import { assignment, expression } from "./expression.ts"
import { genericSelection } from "./generic.ts"
import { isKeyword } from "./keywords.ts"
import { characterConstant, numericConstant, stringLiteral } from "./literals.ts"
import type { Parser } from "./parser.ts"

const MAX_CHAIN = 1000

/** postfix-expression: primary (`[` e `]` | `(` args `)` | `.` name | `->` name | `++` | `--`)* */
export function postfix(p: Parser, start: Expr): Expr {
  let e = start
  for (let count = 0; p.tok.kind === "punct"; count++) {
    if (count > MAX_CHAIN) p.fail("C_TOO_DEEP", `more than ${MAX_CHAIN} operators in one expression`, p.tok)
    const { tok } = p
    switch (tok.text) {
      case "[": {
        p.next()
        const i = expression(p)
        e = index(p, e, i, p.expect("]", "after the subscript"))
        break
      }
      case "(": {
        p.next()
        const args = argumentList(p)
        e = call(p, e, args, p.last)
        break
      }
      case ".":
      case "->": {
        p.next()
        const name = p.identifier(`after '${tok.text}'`)
        e = member(p, e, tok.text === "->", name.text, name)
        break
      }
      case "++":
      case "--":
        p.next()
        e = incDec(p, tok.text, false, e, tok)
        break
      default:
        return e
    }
  }
  return e
}

/** [assignment-expression (`,` assignment-expression)*] `)`, behind the `(` */
export function argumentList(p: Parser): Expr[] {
  const args: Expr[] = []
  if (!p.at(")")) {
    do args.push(assignment(p))
    while (p.accept(","))
  }
  p.expect(")", "after the arguments")
  return args
}

/** primary-expression: identifier | constant | string+ | `(` expression `)` | `(` compound-statement `)` | generic-selection */
export function primary(p: Parser): Expr {
  const { tok } = p
  switch (tok.kind) {
    case "number":
      return numericConstant(p, p.next())
    case "char":
      return characterConstant(p, p.next())
    case "string":
      return strings(p)
    case "ident":
      return name(p)
    case "punct":
      if (tok.text === "(") return parenthesised(p)
  }
  return p.unexpected("expression")
}

/** string+ */
export function strings(p: Parser): StringLit {
  if (p.tok.kind !== "string") p.unexpected("string literal")
  const tokens: Token[] = []
  while (p.tok.kind === "string") tokens.push(p.next())
  return stringLiteral(p, tokens)
}

function parenthesised(p: Parser): Expr {
  p.enter(p.tok)
  const open = p.next()
  let e: Expr
  if (p.at("{")) e = statementExpression(p, open)
  else {
    e = expression(p)
    p.expect(")")
  }
  p.leave()
  return e
}

/** GNU `({ … })` */
function statementExpression(p: Parser, open: Token): Expr {
  if (p.fn === undefined) p.fail("C_STATEMENT_EXPRESSION", "statement expression not allowed at file scope", open)
  const body = block(p, "value")
  p.expect(")", "after the statement expression")
  const last = body.body[body.body.length - 1]
  const type = last?.kind === "expr" ? last.expr.type : VOID
  return { kind: "stmtExpr", body, type: isVoid(type) ? VOID : type, span: p.from(open) }
}

/** An identifier or keyword where an expression stands. */
function name(p: Parser): Expr {
  const { tok } = p
  const found = p.scope.find(tok.text)
  if (found !== undefined) return use(p, found)
  switch (tok.text) {
    case "_Generic":
      return genericSelection(p)
    case "__func__":
    case "__FUNCTION__":
    case "__PRETTY_FUNCTION__":
      return functionName(p)
  }
  if (isKeyword(tok.text)) return p.unexpected("expression")
  if (tok.text.startsWith("__")) {
    const e = builtinForm(p)
    if (e !== undefined) return e
    if (isGenericBuiltin(tok.text) && p.peek().text === "(") {
      p.next()
      p.next()
      return callGeneric(p, tok.text, argumentList(p), tok, p.last)
    }
  }
  const other = p.lookup(tok.text) ?? plainBuiltin(p, tok.text, tok)
  if (other !== undefined) return use(p, other)
  return newConstant(p) ?? (p.peek().text === "(" ? builtinForm(p) : undefined) ?? undeclared(p)
}

/** The constants that are words of the language since C23, where the program has no other meaning for them. */
function newConstant(p: Parser): Expr | undefined {
  const { tok } = p
  switch (tok.text) {
    case "true":
    case "false":
      p.next()
      return intLit(tok.text === "true" ? 1n : 0n, BOOL, tok, tok.text)
    case "nullptr":
      p.next()
      return makeCast("intToPointer", intLit(0n, INT, tok), VOID_PTR, false, tok)
    default:
      return undefined
  }
}

function use(p: Parser, entity: Entity): Expr {
  const { tok } = p
  switch (entity.kind) {
    case "enumerator":
      p.next()
      return intLit(entity.constant.value, entity.constant.type, tok, tok.text)
    case "typedefDecl":
      return p.fail("C_SYNTAX", `unexpected type name '${tok.text}': expected expression`, tok)
    default:
      p.next()
      if (entity.kind === "function" && entity.builtin !== undefined && !p.at("(")) {
        p.fail("C_BUILTIN_ADDRESS", `built-in function '${tok.text}' must be directly called`, tok)
      }
      return { kind: "ref", decl: entity, type: entity.type, span: tok }
  }
}

function functionName(p: Parser): Expr {
  const tok = p.next()
  const text = p.fn?.decl.name ?? ""
  const bytes = new TextEncoder().encode(`${text}\0`)
  return { kind: "string", bytes, type: arrayOf(withQuals(CHAR, CONST), bytes.length), span: tok }
}

function undeclared(p: Parser): never {
  const { tok } = p
  const name = tok.text
  const reported = p.fn?.undeclared
  if (reported?.has(name)) throw new Abort(name)
  reported?.add(name)
  const refused = refusedLibrary(name)
  if (refused !== undefined) return p.fail("C_UNSUPPORTED", `'${name}' is not supported`, tok, { hint: refused })
  const called = p.peek().text === "("
  const hint = called ? insteadOfLibrary(name) : undefined
  if (hint !== undefined) return p.fail("C_UNDECLARED", `call to undeclared function '${name}'`, tok, { hint })
  const near = suggest(name, p.scope.visible()) ?? p.names?.suggest(name)[0]
  const what = called ? "call to undeclared function" : "use of undeclared identifier"
  return p.fail("C_UNDECLARED", `${what} '${name}'${offer(near)}`, tok)
}
