import type * as c from "../../c/index.ts"

/** Calls `visit` for every expression of a statement that is evaluated, outer ones before inner ones. */
export function eachExpr(s: c.Stmt, visit: (e: c.Expr) => void): void {
  switch (s.kind) {
    case "block":
      for (const inner of s.body) eachExpr(inner, visit)
      break
    case "decl":
      for (const decl of s.decls) {
        if (decl.kind !== "var") continue
        if (decl.init !== undefined) inInit(decl.init, visit)
        if (decl.cleanup !== undefined) inExpr(decl.cleanup, visit)
      }
      break
    case "expr":
      inExpr(s.expr, visit)
      break
    case "if":
      inExpr(s.cond, visit)
      eachExpr(s.then, visit)
      if (s.other !== undefined) eachExpr(s.other, visit)
      break
    case "while":
    case "do":
      inExpr(s.cond, visit)
      eachExpr(s.body, visit)
      break
    case "for":
      if (s.init !== undefined) eachExpr(s.init, visit)
      if (s.cond !== undefined) inExpr(s.cond, visit)
      if (s.step !== undefined) inExpr(s.step, visit)
      eachExpr(s.body, visit)
      break
    case "switch":
      inExpr(s.value, visit)
      eachExpr(s.body, visit)
      break
    case "case":
    case "default":
    case "label":
      eachExpr(s.body, visit)
      break
    case "return":
      if (s.value !== undefined) inExpr(s.value, visit)
      break
    case "asm":
      for (const operand of [...s.outputs, ...s.inputs]) inExpr(operand.expr, visit)
      break
  }
}

function inInit(init: c.Init, visit: (e: c.Expr) => void): void {
  if (init.kind === "expr") inExpr(init.expr, visit)
  else for (const entry of init.entries) inInit(entry.init, visit)
}

function inExpr(e: c.Expr, visit: (e: c.Expr) => void): void {
  visit(e)
  switch (e.kind) {
    case "unary":
    case "incdec":
    case "addressOf":
    case "deref":
    case "cast":
      inExpr(e.operand, visit)
      break
    case "index":
      inExpr(e.base, visit)
      inExpr(e.index, visit)
      break
    case "member":
    case "corePlace":
      inExpr(e.base, visit)
      break
    case "binary":
    case "logical":
    case "comma":
    case "assign":
      inExpr(e.left, visit)
      inExpr(e.right, visit)
      break
    case "cond":
      inExpr(e.cond, visit)
      if (e.then !== undefined) inExpr(e.then, visit)
      inExpr(e.other, visit)
      break
    case "call":
      inExpr(e.callee, visit)
      for (const arg of e.args) inExpr(arg, visit)
      break
    case "builtin":
      for (const arg of e.args) inExpr(arg, visit)
      break
    case "compound":
      inInit(e.init, visit)
      break
    case "stmtExpr":
      eachExpr(e.body, visit)
      break
    case "kernelRead":
      inExpr(e.address, visit)
      break
  }
}
