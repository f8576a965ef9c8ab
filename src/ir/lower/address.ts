import { type Expr, evaluate, pointerOf, strideOf, type VarDecl } from "../../c/index.ts"
import type { GlobalRelocation } from "../ir.ts"
import type { ModuleContext } from "./context.ts"

/** An address that is known before the program runs: something of the module, and bytes behind it. */
export type AddressConstant = Pick<GlobalRelocation, "kind" | "name" | "addend">

/**
 * The address that a constant expression of C gives, where it is one (C11 6.6 paragraph 9):
 *
 *     &table[2].name     function     "text" + 1     (void *)&map
 */
export function addressConstant(module: ModuleContext, e: Expr): AddressConstant | undefined {
  switch (e.kind) {
    case "mapRef":
      return { kind: "map", name: e.map, addend: 0 }
    case "addressOf":
      return objectAddress(module, e.operand)
    case "cast":
      if (e.cast === "decay" || e.cast === "functionDecay") return objectAddress(module, e.operand)
      if (e.cast === "pointer" || e.cast === "none" || e.cast === "intToPointer" || e.cast === "pointerToInt")
        return addressConstant(module, e.operand)
      return e.cast === "int" && sizeOfInt(e) === 8 ? addressConstant(module, e.operand) : undefined
    case "binary": {
      if (e.op !== "+" && e.op !== "-") return undefined
      const base = addressConstant(module, e.left)
      const stride = pointerOf(e.left.type) === undefined ? 1 : strideOf(pointerOf(e.left.type)!.to)
      return base === undefined ? undefined : behind(base, evaluate(e.right), e.op === "+" ? stride : -(stride ?? 0))
    }
    default:
      return undefined
  }
}

const sizeOfInt = (e: Expr): number => (e.type.kind === "int" ? e.type.size : 8)

/** The address of what an lvalue designates. */
function objectAddress(module: ModuleContext, e: Expr): AddressConstant | undefined {
  switch (e.kind) {
    case "ref":
      if (e.decl.kind === "function")
        return { kind: "function", name: module.use(e.decl, "callback", e.span), addend: 0 }
      return variableAddress(module, e.decl, e)
    case "string":
      return { kind: "global", name: module.globals.string(e.bytes), addend: 0 }
    case "compound":
      return { kind: "global", name: module.globals.literal(e), addend: 0 }
    case "member": {
      if (e.field.bitWidth !== undefined) return undefined
      const base = e.arrow ? addressConstant(module, e.base) : objectAddress(module, e.base)
      return base && { ...base, addend: base.addend + e.field.offset }
    }
    case "index": {
      const base = addressConstant(module, e.base)
      const to = pointerOf(e.base.type)
      return base && to && behind(base, evaluate(e.index), strideOf(to.to))
    }
    case "deref":
      return addressConstant(module, e.operand)
    case "cast":
      return e.cast === "none" ? objectAddress(module, e.operand) : undefined
    default:
      return undefined
  }
}

function variableAddress(module: ModuleContext, decl: VarDecl, e: Expr): AddressConstant | undefined {
  if (decl.scope !== "global" && decl.storage !== "static" && decl.storage !== "extern") return undefined
  if (module.extern(decl)?.kind === "ksym") return undefined
  if (module.globals.isMap(decl)) return { kind: "map", name: decl.name, addend: 0 }
  return { kind: "global", name: module.globals.variable(decl, e.span).name, addend: 0 }
}

function behind(
  base: AddressConstant,
  count: bigint | undefined,
  stride: number | undefined,
): AddressConstant | undefined {
  if (count === undefined || stride === undefined) return undefined
  return { ...base, addend: base.addend + Number(count) * stride }
}
