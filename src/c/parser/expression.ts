import type { BinaryOp, Expr } from "../ast.ts"
import { assign, binary, comma, conditional, logical } from "../sema/binary.ts"
import { castExpression } from "./cast.ts"
import type { Parser } from "./parser.ts"

/** Operators in one expression without brackets; more would make a tree too deep to walk. */
const MAX_CHAIN = 1000

const PRECEDENCE: ReadonlyMap<string, number> = new Map([
  ["||", 1],
  ["&&", 2],
  ["|", 3],
  ["^", 4],
  ["&", 5],
  ["==", 6],
  ["!=", 6],
  ["<", 7],
  [">", 7],
  ["<=", 7],
  [">=", 7],
  ["<<", 8],
  [">>", 8],
  ["+", 9],
  ["-", 9],
  ["*", 10],
  ["/", 10],
  ["%", 10],
])

const ASSIGNMENT: ReadonlyMap<string, BinaryOp | undefined> = new Map<string, BinaryOp | undefined>([
  ["=", undefined],
  ["+=", "+"],
  ["-=", "-"],
  ["*=", "*"],
  ["/=", "/"],
  ["%=", "%"],
  ["<<=", "<<"],
  [">>=", ">>"],
  ["&=", "&"],
  ["|=", "|"],
  ["^=", "^"],
])

/** expression: assignment-expression (`,` assignment-expression)* */
export function expression(p: Parser): Expr {
  let e = assignment(p)
  for (let count = 0; p.tok.text === "," && p.tok.kind === "punct"; count++) {
    if (count > MAX_CHAIN) tooLong(p)
    p.next()
    e = comma(p, e, assignment(p))
  }
  return e
}

/**
 *     assignment-expression: conditional-expression
 *                          | unary-expression (`=` | `*=` | …) assignment-expression
 */
export function assignment(p: Parser): Expr {
  p.enter(p.tok)
  const left = conditionalExpression(p)
  const { tok } = p
  if (tok.kind !== "punct" || !ASSIGNMENT.has(tok.text)) {
    p.leave()
    return left
  }
  p.next()
  const right = assignment(p)
  p.leave()
  return assign(p, ASSIGNMENT.get(tok.text), left, right, tok)
}

/** conditional-expression: binary-expression [`?` [expression] `:` conditional-expression] */
export function conditionalExpression(p: Parser): Expr {
  const cond = binaryExpression(p, 1)
  if (!p.accept("?")) return cond
  p.enter(p.tok)
  const then = p.at(":") ? undefined : expression(p)
  p.expect(":", "in conditional expression")
  const other = conditionalExpression(p)
  p.leave()
  return conditional(p, cond, then, other)
}

/** constant-expression: conditional-expression */
export const constantExpression = conditionalExpression

/** binary-expression: cast-expression (operator cast-expression)*, by precedence climbing */
function binaryExpression(p: Parser, least: number): Expr {
  let left = castExpression(p)
  for (let count = 0; ; count++) {
    const { tok } = p
    const precedence = tok.kind === "punct" ? PRECEDENCE.get(tok.text) : undefined
    if (precedence === undefined || precedence < least) return left
    if (count > MAX_CHAIN) tooLong(p)
    p.next()
    const right = binaryExpression(p, precedence + 1)
    left =
      tok.text === "&&" || tok.text === "||"
        ? logical(p, tok.text, left, right)
        : binary(p, tok.text as BinaryOp, left, right, tok)
  }
}

function tooLong(p: Parser): never {
  return p.fail("C_TOO_DEEP", `more than ${MAX_CHAIN} operators in one expression`, p.tok, {
    hint: "split the expression into statements",
  })
}
