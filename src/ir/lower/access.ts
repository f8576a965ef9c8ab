import type { Span } from "../../base/index.ts"
import type { Width } from "../ir.ts"
import { i64 } from "../values.ts"
import { bitFieldUnits, loadBits, storeBits } from "./bitfield.ts"
import type { FunctionContext, Place } from "./context.ts"
import { alignAt, intOf, reprOf, type Scalar, wide } from "./repr.ts"

/** An object at the address by which the kernel reaches it. Constants are added behind the cast, where an access takes them along. */
export function reached(cx: FunctionContext, place: Place): Place {
  const { space, address } = place
  if (space === undefined) return place
  const inner =
    address.kind === "inst" && address.op === "ptradd" && address.args[1].kind === "const" ? address : undefined
  const base = cx.b.ascast(space, 0, inner?.args[0] ?? address)
  return { ...place, address: cx.b.ptradd(base, inner?.args[1] ?? 0), space: undefined }
}

/** Reads a scalar object. */
export function loadPlace(cx: FunctionContext, at: Place, span: Span): Scalar {
  const { b } = cx
  const place = reached(cx, at)
  const { volatile, ordered, address, type } = place
  const repr = reprOf(type, span)
  if (place.bitField !== undefined) {
    const int = intOf(type)
    return loadBits(
      cx,
      place,
      bitFieldUnits(place.bitField),
      place.bitField.bitWidth!,
      int.signed,
      int.size > 4 ? "i64" : "i32",
    )
  }
  switch (repr) {
    case "i32":
    case "i64": {
      const { size, signed } = intOf(type)
      return b.load(repr, size as Width, signed && size < 4, address, {
        volatile,
        ordered,
        align: Math.min(place.align, size),
      })
    }
    case "ptr":
      return b.load("ptr", 8, false, address, { volatile, ordered, align: Math.min(place.align, 8) })
    case "wide": {
      const lo = b.load("i64", 8, false, address, { volatile, align: Math.min(place.align, 8) })
      const align = Math.min(alignAt(place.align, 8), 8)
      return wide(lo, b.load("i64", 8, false, b.ptradd(address, i64(8)), { volatile, align }))
    }
    default:
      throw new TypeError("a load of an aggregate is a copy")
  }
}

/** Writes a scalar object; the value is of its type. */
export function storePlace(cx: FunctionContext, at: Place, value: Scalar): void {
  const { b } = cx
  const place = reached(cx, at)
  const { volatile, ordered, address } = place
  if (value.kind === "wide") {
    b.store(8, address, value.lo, { volatile, align: Math.min(place.align, 8) })
    const align = Math.min(alignAt(place.align, 8), 8)
    b.store(8, b.ptradd(address, i64(8)), value.hi, { volatile, align })
  } else if (place.bitField !== undefined) {
    storeBits(cx, place, bitFieldUnits(place.bitField), place.bitField.bitWidth!, value)
  } else {
    const size = intOf(place.type).size as Width
    b.store(size, address, value, { volatile, ordered, align: Math.min(place.align, size) })
  }
}
