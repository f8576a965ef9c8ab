import {
  alignOf,
  type CorePlace,
  canonical,
  type Expr,
  type FunctionDecl,
  type Index,
  type Member,
  pointerOf,
  type Type,
  type VarDecl,
} from "../../c/index.ts"
import type { Value } from "../ir.ts"
import { isConst } from "../values.ts"
import { materialise } from "./aggregate.ts"
import { offsetBy, strideFor } from "./arithmetic.ts"
import type { FunctionContext, KernelSymbol, Place } from "./context.ts"
import { word } from "./convert.ts"
import { coreNumber } from "./core.ts"
import { value } from "./expr.ts"
import { fail } from "./fail.ts"
import { initialise } from "./init.ts"
import { alignAt, intOf, isVolatile, spaceOf } from "./repr.ts"

/** The object that an lvalue designates. Also takes rvalues of record type, which are put in memory first. */
export function place(cx: FunctionContext, e: Expr): Place {
  switch (e.kind) {
    case "ref":
      return e.decl.kind === "function" ? functionPlace(cx, e.decl, e) : variable(cx, e.decl, e)
    case "deref":
      return pointed(value(cx, e.operand), e.type)
    case "index":
      return element(cx, e)
    case "member":
      return member(cx, e)
    case "corePlace":
      return corePlace(cx, e)
    case "string": {
      const global = cx.module.globals.string(e.bytes)
      return { address: cx.b.globaladdr(global), type: e.type, align: 1, volatile: false }
    }
    case "compound": {
      const object = cx.temporary(e.type, "compound literal", e.span)
      initialise(cx, object, e.init)
      return object
    }
    case "cast":
      // GNU C lets a cast to the same type stand around an lvalue.
      if (e.cast === "none" && canonical(e.operand.type).kind === "record") return place(cx, e.operand)
      return materialise(cx, e)
    case "stmtExpr":
    case "call":
    case "cond":
    case "comma":
    case "assign":
    case "kernelRead":
      return materialise(cx, e)
    case "builtin":
      if (e.args.length > 0 && e.name.endsWith("preserve_access_index")) return place(cx, e.args[0])
      break
  }
  return fail("IR_NOT_LVALUE", "this expression designates no object", e.span)
}

/** The object that a pointer points to; its alignment is that of its type. */
export function pointed(address: Value, type: Type): Place {
  return { address, type, align: alignOf(type), volatile: isVolatile(type), ...inSpace(spaceOf(type)) }
}

const inSpace = (space: number | undefined): { space?: number } => (space ? { space } : {})

/** An element of an array that is at hand is aligned as the array and the element's offset tell; else as its type tells. */
function element(cx: FunctionContext, e: Index): Place {
  const stride = strideFor(e.base.type, e.span)
  const array = e.base.kind === "cast" && e.base.cast === "decay" ? place(cx, e.base.operand) : undefined
  const base = array === undefined ? value(cx, e.base) : array.address
  const index = word(cx, value(cx, e.index), intOf(e.index.type).signed)
  const found = pointed(offsetBy(cx, base, index, stride), e.type)
  if (array === undefined) return found
  const step = isConst(index) ? Number(BigInt.asIntN(32, index.value)) * stride : stride
  const space = inSpace(found.space ?? array.space)
  return { ...found, align: alignAt(array.align, step), volatile: found.volatile || array.volatile, ...space }
}

function variable(cx: FunctionContext, decl: VarDecl, e: Expr): Place {
  const local = cx.locals.get(decl)
  if (local !== undefined) return local
  const extern = cx.module.extern(decl)
  if (extern?.kind === "ksym") return kernelPlace(cx, decl, extern, e)
  const global = cx.module.globals.variable(decl, e.span)
  return {
    address: cx.b.globaladdr(global.name),
    type: decl.type,
    align: global.align,
    volatile: isVolatile(decl.type),
    ...inSpace(spaceOf(decl.type)),
  }
}

function kernelPlace(cx: FunctionContext, { name }: VarDecl | FunctionDecl, symbol: KernelSymbol, e: Expr): Place {
  const address = cx.b.ksymaddr(name, symbol.btfType, symbol.weak)
  return { ...pointed(address, e.type), volatile: isVolatile(e.type) }
}

function functionPlace(cx: FunctionContext, decl: FunctionDecl, e: Expr): Place {
  const extern = decl.body === undefined ? cx.module.extern(decl) : undefined
  if (extern !== undefined) return kernelPlace(cx, decl, extern, e)
  const name = cx.module.use(decl, "callback", e.span)
  return { address: cx.b.funcaddr(name), type: e.type, align: 1, volatile: false }
}

/** As far behind the base as the loader finds. The units of a bit-field are counted from the start of the record, so that is gone back to. */
function corePlace(cx: FunctionContext, e: CorePlace): Place {
  const base = value(cx, e.base)
  const offset = coreNumber(cx, e, "field_byte_offset", "i64", BigInt(e.offset))
  const address = cx.b.ptradd(cx.b.ptradd(base, offset), -(e.bitField?.offset ?? 0))
  return { ...pointed(address, e.type), ...(e.bitField && { bitField: e.bitField }) }
}

function member(cx: FunctionContext, e: Member): Place {
  const base: Place = e.arrow ? pointed(value(cx, e.base), pointerOf(e.base.type)!.to) : place(cx, e.base)
  const { field } = e
  const volatile = base.volatile || isVolatile(e.type)
  const space = inSpace(base.space ?? spaceOf(e.type))
  // The units of a bit-field are counted from the start of the record.
  if (field.bitWidth !== undefined)
    return { address: base.address, type: e.type, align: base.align, volatile, bitField: field, ...space }
  const address = cx.b.ptradd(base.address, field.offset)
  return { address, type: e.type, align: alignAt(base.align, field.offset), volatile, ...space }
}
