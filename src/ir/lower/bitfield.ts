import type { Field } from "../../c/index.ts"
import { sizeOf } from "../../c/index.ts"
import type { Value, Width } from "../ir.ts"
import { constant, type ValueType } from "../values.ts"
import type { FunctionContext, Place } from "./context.ts"
import { alignAt } from "./repr.ts"

/** A piece of memory that holds bits of a bit-field. */
export interface Unit {
  /** Bytes from the start of the record. */
  readonly offset: number
  readonly width: Width
  /** Position in the unit of the piece's lowest bit. */
  readonly low: number
  /** Number of bits in this unit. */
  readonly count: number
}

/**
 * How to reach a bit-field: its storage unit where that lies in the record, else the smallest access that holds it, else (only in packed
 * records) byte by byte. Units are in the order of their bits, lowest first.
 *
 *     struct { u32 a : 3, b : 7; }     b: one unit of 4 bytes at 0, bits 3..9
 */
export function bitFieldUnits(field: Field): Unit[] {
  const { record } = field
  const bitWidth = field.bitWidth!
  const bitOffset = field.bitOffset!
  const unit = (sizeOf(field.type) ?? 4) as Width
  if (bitOffset + bitWidth <= unit * 8 && field.offset + unit <= record.size) {
    return [{ offset: field.offset, width: unit, low: bitOffset, count: bitWidth }]
  }
  const start = field.offset + (bitOffset >> 3)
  const low = bitOffset & 7
  for (const width of [1, 2, 4, 8] as const) {
    if (low + bitWidth <= width * 8 && start + width <= record.size) {
      return [{ offset: start, width, low, count: bitWidth }]
    }
  }
  const units: Unit[] = []
  for (let at = low, left = bitWidth, offset = start; left > 0; offset++, at = 0) {
    const count = Math.min(8 - at, left)
    units.push({ offset, width: 1, low: at, count })
    left -= count
  }
  return units
}

/** Reads a bit-field as a value of `type`, extended by its signedness. `place.address` is the record's. */
export function loadBits(
  cx: FunctionContext,
  place: Place,
  units: readonly Unit[],
  bitWidth: number,
  signed: boolean,
  type: "i32" | "i64",
): Value {
  if (units.length === 1) {
    const unit = units[0]
    const wider = unit.width === 8 ? "i64" : type
    return fit(cx, extractBits(cx, loadUnit(cx, place, unit, wider), unit.low, bitWidth, signed), type)
  }
  const { b } = cx
  let result: Value = constant("i64", 0)
  let at = 0
  for (const unit of units) {
    const part = extractBits(cx, loadUnit(cx, place, unit, "i64"), unit.low, unit.count, false)
    result = b.binary("or", result, b.binary("shl", part, constant("i64", at)))
    at += unit.count
  }
  return fit(cx, extractBits(cx, result, 0, bitWidth, signed), type)
}

/** Writes the low bits of a value into a bit-field; the bits around it stay. */
export function storeBits(
  cx: FunctionContext,
  place: Place,
  units: readonly Unit[],
  bitWidth: number,
  value: Value,
): void {
  const { b } = cx
  let at = 0
  for (const unit of units) {
    const type = unit.width === 8 || bitWidth > 32 ? "i64" : "i32"
    const bits = type === "i64" ? 64 : 32
    const whole = unit.count === unit.width * 8
    let part = fit(cx, value, type)
    part = b.binary("lshr", part, constant(type, at))
    if (!whole) {
      const mask = BigInt.asUintN(bits, (1n << BigInt(unit.count)) - 1n)
      part = b.binary("shl", b.binary("and", part, constant(type, mask)), constant(type, unit.low))
      const around = b.binary("and", loadUnit(cx, place, unit, type), constant(type, ~(mask << BigInt(unit.low))))
      part = b.binary("or", around, part)
    }
    b.store(unit.width, b.ptradd(place.address, unit.offset), part, accessOf(place, unit))
    at += unit.count
  }
}

/** The `count` bits from bit `low` on. */
export function extractBits(cx: FunctionContext, value: Value, low: number, count: number, signed: boolean): Value {
  const { b } = cx
  const type = value.type as "i32" | "i64"
  const bits = type === "i64" ? 64 : 32
  if (signed) {
    if (count === bits) return value
    const up = bits - low - count
    return b.binary("ashr", up === 0 ? value : b.binary("shl", value, constant(type, up)), constant(type, bits - count))
  }
  const down = low === 0 ? value : b.binary("lshr", value, constant(type, low))
  if (low + count === bits) return down
  return b.binary("and", down, constant(type, (1n << BigInt(count)) - 1n))
}

/** The value that a bit-field of that width holds after `value` was stored in it. */
export function cutToBits(cx: FunctionContext, value: Value, bitWidth: number, signed: boolean): Value {
  return extractBits(cx, value, 0, bitWidth, signed)
}

function loadUnit(cx: FunctionContext, place: Place, unit: Unit, type: ValueType): Value {
  return cx.b.load(type, unit.width, false, cx.b.ptradd(place.address, unit.offset), accessOf(place, unit))
}

function accessOf(place: Place, unit: Unit): { volatile: boolean; align: number } {
  return { volatile: place.volatile, align: Math.min(alignAt(place.align, unit.offset), unit.width) }
}

function fit(cx: FunctionContext, value: Value, type: "i32" | "i64"): Value {
  if (value.type === type) return value
  return type === "i64" ? cx.b.zext(value) : cx.b.trunc(value)
}
