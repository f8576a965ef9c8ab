import type { CompoundLit, Expr, FunctionDecl, StringLit, VarDecl } from "../ast.ts"
import { canonical, strideOf } from "../sema/typeops.ts"
import { evaluate } from "./evaluate.ts"

/** An address that is known when a program is linked: a symbol, and bytes from its start. */
export interface Address {
  readonly symbol: VarDecl | FunctionDecl | StringLit | CompoundLit
  readonly offset: bigint
}

/** The value of a constant expression that is an address (C11 6.6p9); undefined for anything else, plain integers too. */
export function evaluateAddress(e: Expr): Address | undefined {
  switch (e.kind) {
    case "addressOf":
      return evaluatePlace(e.operand)
    case "cast":
      switch (e.cast) {
        case "decay":
        case "functionDecay":
          return evaluatePlace(e.operand)
        case "pointer":
        case "none":
          return evaluateAddress(e.operand)
        case "pointerToInt":
        case "intToPointer":
        case "int": {
          // Only a conversion that keeps all bits leaves an address.
          const t = canonical(e.type)
          return t.kind === "int" && t.size < 8 ? undefined : evaluateAddress(e.operand)
        }
        default:
          return undefined
      }
    case "binary": {
      if (e.op !== "+" && e.op !== "-") return undefined
      const base = evaluateAddress(e.left)
      const count = base && evaluate(e.right)
      if (base === undefined || count === undefined) return undefined
      const t = canonical(e.left.type)
      const bytes = count * BigInt(t.kind === "pointer" ? (strideOf(t.to) ?? 1) : 1)
      return { symbol: base.symbol, offset: e.op === "+" ? base.offset + bytes : base.offset - bytes }
    }
    case "cond": {
      const cond = evaluate(e.cond)
      if (cond === undefined) return undefined
      return cond === 0n ? evaluateAddress(e.other) : e.then && evaluateAddress(e.then)
    }
    default:
      return undefined
  }
}

/** Where an lvalue lies, when that is known. */
function evaluatePlace(e: Expr): Address | undefined {
  switch (e.kind) {
    case "ref": {
      const fixed = e.decl.kind === "function" || e.decl.scope === "global" || e.decl.storage === "static"
      return fixed ? { symbol: e.decl, offset: 0n } : undefined
    }
    case "string":
    case "compound":
      return { symbol: e, offset: 0n }
    case "deref":
      return evaluateAddress(e.operand)
    case "member": {
      const base = e.arrow ? evaluateAddress(e.base) : evaluatePlace(e.base)
      return base && { symbol: base.symbol, offset: base.offset + BigInt(e.field.offset) }
    }
    case "index": {
      const base = evaluateAddress(e.base)
      const index = base && evaluate(e.index)
      if (base === undefined || index === undefined) return undefined
      const t = canonical(e.base.type)
      return {
        symbol: base.symbol,
        offset: base.offset + index * BigInt(t.kind === "pointer" ? (strideOf(t.to) ?? 1) : 1),
      }
    }
    default:
      return undefined
  }
}
