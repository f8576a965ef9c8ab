import type { Span } from "../../base/index.ts"
import { type CompoundLit, canonical, type Expr, evaluate, type Field, type Init, type Type } from "../../c/index.ts"
import { bitFieldUnits } from "./bitfield.ts"
import { intOf, sizeFor } from "./repr.ts"

/** A part of an object whose first value is not known while compiling. */
export interface Dynamic {
  /** Bytes from the start of the object. */
  readonly offset: number
  readonly type: Type
  readonly bitField: Field | undefined
  readonly expr: Expr
  /** The bits that it sets, from the start of the object: first, and one past the last. */
  readonly from: number
  readonly to: number
}

/** What an initialiser makes of an object: the bytes that are known, zero where nothing is said, and the parts that are computed. */
export interface Image {
  readonly bytes: Uint8Array
  readonly dynamic: readonly Dynamic[]
}

/** Spreads out an initialiser of a type. Later entries override earlier ones. */
export function imageOf(type: Type, init: Init, span: Span): Image {
  const painter = new Painter(sizeWith(type, init, span))
  painter.paint(type, init, 0)
  return painter
}

class Painter {
  readonly bytes: Uint8Array
  dynamic: Dynamic[] = []

  constructor(size: number) {
    this.bytes = new Uint8Array(size)
  }

  paint(type: Type, init: Init, offset: number): void {
    const t = canonical(type)
    if (init.kind === "expr") {
      const literal = literalOf(init.expr)
      if (t.kind === "record" && literal !== undefined) this.paint(type, literal.init, offset)
      else this.#leaf(type, init.expr, offset, undefined)
      return
    }
    if ((t.kind === "record" || t.kind === "array") && !init.keeps) {
      const to = (offset + sizeFor(type, init.span)) * 8
      if (!this.#clear(offset * 8, to)) {
        const expr: Expr = { kind: "compound", init, type, span: init.span }
        this.dynamic.push({ offset, type, bitField: undefined, expr, from: offset * 8, to })
        return
      }
    }
    for (const entry of init.entries) {
      const { field } = entry
      if (field?.bitWidth !== undefined) {
        const inner = entry.init.kind === "list" ? entry.init.entries[0]?.init : entry.init
        if (inner?.kind === "expr") this.#leaf(field.type, inner.expr, offset, field)
      } else if (field !== undefined) {
        this.#overridden(t.kind === "record" && t.decl.isUnion ? t : undefined, offset)
        this.paint(typeWith(field.type, entry.init), entry.init, offset + field.offset)
      } else if (t.kind === "array" && entry.index !== undefined) {
        const stride = sizeFor(t.element, init.span)
        for (let i = entry.index; i <= (entry.last ?? entry.index); i++)
          this.paint(t.element, entry.init, offset + i * stride)
      } else {
        // Braces around a scalar.
        this.paint(type, entry.init, offset)
      }
    }
  }

  /** A union's member takes the place of the one named before it. */
  #overridden(union: Type | undefined, offset: number): void {
    if (union === undefined || union.kind !== "record") return
    this.#clear(offset * 8, (offset + union.decl.size) * 8)
  }

  #leaf(type: Type, e: Expr, offset: number, bitField: Field | undefined): void {
    const from = bitField === undefined ? offset * 8 : (offset + bitField.offset) * 8 + bitField.bitOffset!
    const to = bitField === undefined ? (offset + sizeFor(type, e.span)) * 8 : from + bitField.bitWidth!
    const free = this.#clear(from, to)
    const text = stringOf(e)
    if (canonical(type).kind === "array" && text !== undefined) {
      const whole: Expr = { kind: "compound", init: { kind: "expr", expr: e }, type, span: e.span }
      if (free) this.bytes.set(text.subarray(0, to / 8 - offset), offset)
      else this.dynamic.push({ offset, type, bitField, expr: whole, from, to })
      return
    }
    const known = free && isScalarType(type) ? evaluate(e) : undefined
    if (known === undefined) this.dynamic.push({ offset, type, bitField, expr: e, from, to })
    else if (bitField !== undefined) this.#bits(offset, bitField, known)
    else this.#number(offset, intOf(type).size, known)
  }

  /** Makes a range of bits zero and forgets the parts in it. False where it lies in a part that is computed: what comes there is written later. */
  #clear(from: number, to: number): boolean {
    if (this.dynamic.length > 0) this.dynamic = this.dynamic.filter(d => d.from < from || d.to > to)
    if (this.dynamic.some(d => d.from < to && d.to > from)) return false
    if (from % 8 === 0 && to % 8 === 0) {
      this.bytes.fill(0, from / 8, to / 8)
      return true
    }
    for (let bit = from; bit < to; bit++) this.bytes[bit >> 3] &= ~(1 << (bit & 7))
    return true
  }

  #number(offset: number, size: number, value: bigint): void {
    if (size <= 4) {
      let low = Number(BigInt.asUintN(32, value))
      for (let i = 0; i < size; i++, low >>>= 8) this.bytes[offset + i] = low & 0xff
      return
    }
    for (let i = 0; i < size; i++, value >>= 8n) this.bytes[offset + i] = Number(value & 0xffn)
  }

  #bits(offset: number, field: Field, value: bigint): void {
    for (const unit of bitFieldUnits(field)) {
      for (let i = 0; i < unit.count; i++, value >>= 1n) {
        const bit = unit.low + i
        if ((value & 1n) === 1n) this.bytes[offset + unit.offset + (bit >> 3)] |= 1 << (bit & 7)
      }
    }
  }
}

/** The compound literal whose value an expression is. */
function literalOf(e: Expr): CompoundLit | undefined {
  while (e.kind === "cast" && (e.cast === "load" || e.cast === "none")) e = e.operand
  return e.kind === "compound" ? e : undefined
}

/** The type of a member; a flexible array has as many elements as its initialiser. */
function typeWith(type: Type, init: Init): Type {
  const t = canonical(type)
  if (t.kind !== "array" || t.count !== undefined) return type
  return init.kind === "list" ? init.type : init.expr.type
}

/** Bytes of an object, with the elements that its initialiser gives to a flexible array at its end. */
export function sizeWith(type: Type, init: Init | undefined, span: Span): number {
  const size = sizeFor(type, span)
  if (init?.kind !== "list" || canonical(type).kind !== "record") return size
  const ends = init.entries.map(({ field, init: inner }) =>
    field === undefined || field.type === typeWith(field.type, inner)
      ? 0
      : field.offset + sizeFor(typeWith(field.type, inner), span),
  )
  return Math.max(size, ...ends)
}

function isScalarType(type: Type): boolean {
  const { kind } = canonical(type)
  return kind === "int" || kind === "enum" || kind === "pointer"
}

/** The bytes of a string literal that initialises an array, parentheses and casts to the same type apart. */
function stringOf(e: Expr): Uint8Array | undefined {
  if (e.kind === "string") return e.bytes
  if (e.kind === "cast" && (e.cast === "none" || e.cast === "load")) return stringOf(e.operand)
  return undefined
}
