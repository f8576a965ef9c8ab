import type { Expr, Stmt } from "../ast.ts"
import { evaluate } from "../constant/evaluate.ts"
import { calledFunction } from "./call.ts"

/**
 * Whether control can reach the end of a statement. Conditions that are constant count (`while (1)` is left by `break` only), as do builtins
 * and functions that never return.
 */
export function fallsThrough(stmt: Stmt): boolean {
  const labels = new Set<string>()
  collectGotos(stmt, labels)
  return reaches(stmt, labels, true)
}

/** Whether the end is reached, given whether the start is. A label that some `goto` names is reached anyhow. */
function reaches(stmt: Stmt, labels: ReadonlySet<string>, from: boolean): boolean {
  switch (stmt.kind) {
    case "block": {
      let alive = from
      for (const inner of stmt.body) alive = reaches(inner, labels, alive)
      return alive
    }
    case "if": {
      const cond = evaluate(stmt.cond)
      const then = reaches(stmt.then, labels, from && cond !== 0n)
      const skip = from && (cond === undefined || cond === 0n)
      const other = stmt.other === undefined ? skip : reaches(stmt.other, labels, skip)
      return then || other
    }
    case "while":
    case "do":
    case "for": {
      const end = reaches(stmt.body, labels, from)
      const cond = stmt.cond === undefined ? 1n : evaluate(stmt.cond)
      const leaves = cond === undefined || cond === 0n
      if (stmt.kind === "do") return (leaves && (end || hasContinue(stmt.body))) || hasBreak(stmt.body)
      return (from && leaves) || hasBreak(stmt.body)
    }
    case "switch": {
      const end = reaches(stmt.body, labels, false)
      return end || (from && !hasDefault(stmt.body)) || hasBreak(stmt.body)
    }
    case "case":
    case "default":
      return reaches(stmt.body, labels, true)
    case "label":
      return reaches(stmt.body, labels, from || labels.has(stmt.name))
    case "return":
    case "goto":
    case "break":
    case "continue":
      return false
    case "expr":
      return from && !neverReturns(stmt.expr)
    default:
      return from
  }
}

function neverReturns(e: Expr): boolean {
  if (e.kind === "cast") return neverReturns(e.operand)
  if (e.kind !== "call") return false
  const decl = calledFunction(e.callee)
  return (
    decl?.builtin === "unreachable" ||
    decl?.builtin === "trap" ||
    (decl?.attrs.some(attr => attr.name === "noreturn") ?? false)
  )
}

/** Statements directly inside a statement. */
function* children(stmt: Stmt): Iterable<Stmt> {
  switch (stmt.kind) {
    case "block":
      yield* stmt.body
      break
    case "if":
      yield stmt.then
      if (stmt.other !== undefined) yield stmt.other
      break
    case "while":
    case "do":
    case "for":
    case "switch":
    case "case":
    case "default":
    case "label":
      yield stmt.body
  }
}

/** Whether a `break` leaves the loop or switch that has this body. */
function hasBreak(stmt: Stmt): boolean {
  if (stmt.kind === "break") return true
  if (stmt.kind === "while" || stmt.kind === "do" || stmt.kind === "for" || stmt.kind === "switch") return false
  for (const inner of children(stmt)) if (hasBreak(inner)) return true
  return false
}

function hasContinue(stmt: Stmt): boolean {
  if (stmt.kind === "continue") return true
  if (stmt.kind === "while" || stmt.kind === "do" || stmt.kind === "for") return false
  for (const inner of children(stmt)) if (hasContinue(inner)) return true
  return false
}

function hasDefault(stmt: Stmt): boolean {
  if (stmt.kind === "default") return true
  if (stmt.kind === "switch") return false
  for (const inner of children(stmt)) if (hasDefault(inner)) return true
  return false
}

function collectGotos(stmt: Stmt, labels: Set<string>): void {
  if (stmt.kind === "goto") labels.add(stmt.label)
  for (const inner of children(stmt)) collectGotos(inner, labels)
}
