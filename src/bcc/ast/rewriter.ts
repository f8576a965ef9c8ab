import type * as c from "../../c/index.ts"

/**
 * Walks an AST and makes a new one. `expr` and `stmt` are for a subclass to override; what they do not touch is taken over, and a node none of whose
 * parts changed stays the very node. A local variable with an initialiser becomes a new declaration, to which all `Ref`s then point.
 */
export class Rewriter {
  readonly variables = new Map<c.VarDecl, c.VarDecl>()
  readonly functions = new Map<c.FunctionDecl, c.FunctionDecl>()

  expr(e: c.Expr): c.Expr {
    return this.children(e)
  }

  stmt(s: c.Stmt): c.Stmt {
    return this.statements(s)
  }

  /** The node with its sub-expressions rewritten. */
  children(e: c.Expr): c.Expr {
    switch (e.kind) {
      case "int":
      case "string":
      case "mapRef":
      case "core":
      case "sizeof":
      case "offsetof":
        return e
      case "ref": {
        const decl = e.decl.kind === "var" ? this.variables.get(e.decl) : this.functions.get(e.decl)
        return decl === undefined ? e : { ...e, decl, type: decl.type }
      }
      case "unary":
      case "incdec":
      case "addressOf":
      case "deref":
      case "cast": {
        const operand = this.expr(e.operand)
        return operand === e.operand ? e : { ...e, operand }
      }
      case "index": {
        const base = this.expr(e.base)
        const index = this.expr(e.index)
        return base === e.base && index === e.index ? e : { ...e, base, index }
      }
      case "member": {
        const base = this.expr(e.base)
        return base === e.base ? e : { ...e, base }
      }
      case "binary":
      case "logical":
      case "comma":
      case "assign": {
        const left = this.expr(e.left)
        const right = this.expr(e.right)
        return left === e.left && right === e.right ? e : { ...e, left, right }
      }
      case "cond": {
        const cond = this.expr(e.cond)
        const then = e.then && this.expr(e.then)
        const other = this.expr(e.other)
        return cond === e.cond && then === e.then && other === e.other ? e : { ...e, cond, then, other }
      }
      case "call": {
        const callee = this.expr(e.callee)
        const args = this.list(e.args)
        return callee === e.callee && args === e.args ? e : { ...e, callee, args }
      }
      case "builtin": {
        const args = this.list(e.args)
        return args === e.args ? e : { ...e, args }
      }
      case "compound": {
        const init = this.init(e.init)
        return init === e.init ? e : { ...e, init }
      }
      case "stmtExpr": {
        const body = this.stmt(e.body)
        return body === e.body || body.kind !== "block" ? e : { ...e, body }
      }
      case "corePlace": {
        const base = this.expr(e.base)
        return base === e.base ? e : { ...e, base }
      }
      case "kernelRead": {
        const address = this.expr(e.address)
        return address === e.address ? e : { ...e, address }
      }
    }
  }

  list(list: readonly c.Expr[]): readonly c.Expr[] {
    const out = list.map(e => this.expr(e))
    return out.every((e, i) => e === list[i]) ? list : out
  }

  init(init: c.Init): c.Init {
    if (init.kind === "expr") {
      const expr = this.expr(init.expr)
      return expr === init.expr ? init : { kind: "expr", expr }
    }
    const entries = init.entries.map(entry => {
      const inner = this.init(entry.init)
      return inner === entry.init ? entry : { ...entry, init: inner }
    })
    return entries.every((entry, i) => entry === init.entries[i]) ? init : { ...init, entries }
  }

  /** The statement with its parts rewritten. */
  statements(s: c.Stmt): c.Stmt {
    switch (s.kind) {
      case "block": {
        const body = s.body.map(inner => this.stmt(inner))
        return body.every((inner, i) => inner === s.body[i]) ? s : { ...s, body }
      }
      case "decl":
        return { ...s, decls: s.decls.map(decl => (decl.kind === "var" ? this.local(decl) : decl)) }
      case "expr": {
        const expr = this.expr(s.expr)
        return expr === s.expr ? s : { ...s, expr }
      }
      case "if":
        return {
          ...s,
          cond: this.expr(s.cond),
          then: this.stmt(s.then),
          other: s.other && this.stmt(s.other),
        }
      case "while":
      case "do":
        return { ...s, cond: this.expr(s.cond), body: this.stmt(s.body) }
      case "for": {
        const init = s.init && (this.stmt(s.init) as c.DeclStmt | c.ExprStmt)
        return {
          ...s,
          init,
          cond: s.cond && this.expr(s.cond),
          step: s.step && this.expr(s.step),
          body: this.stmt(s.body),
        }
      }
      case "switch":
        return { ...s, value: this.expr(s.value), body: this.stmt(s.body) }
      case "case":
      case "default":
      case "label":
        return { ...s, body: this.stmt(s.body) }
      case "return":
        return s.value === undefined ? s : { ...s, value: this.expr(s.value) }
      case "asm": {
        const operand = (o: c.AsmOperand) => ({ ...o, expr: this.expr(o.expr) })
        return { ...s, outputs: s.outputs.map(operand), inputs: s.inputs.map(operand) }
      }
      case "goto":
      case "break":
      case "continue":
      case "null":
        return s
    }
  }

  local(decl: c.VarDecl): c.VarDecl {
    const { init, cleanup, storage } = decl
    if ((init === undefined && cleanup === undefined) || storage === "static" || storage === "extern") return decl
    const made = { ...decl }
    this.variables.set(decl, made)
    if (init !== undefined) made.init = this.init(init)
    if (cleanup !== undefined) made.cleanup = this.expr(cleanup) as c.Call
    return made
  }
}
