import { SkepError } from "../../base/index.ts"
import type { Expr, Init } from "../ast.ts"
import { canonical, sizeOf } from "../sema/typeops.ts"
import type { Field, Type } from "../types.ts"
import { type Address, evaluateAddress } from "./address.ts"
import { evaluate } from "./evaluate.ts"

/** What an object of static storage holds when a program starts. */
export interface StaticData {
  /** As many as the type has; zero where nothing is said, and at the places of `relocations`. */
  readonly bytes: Uint8Array
  readonly relocations: readonly StaticRelocation[]
}

/** An address to be filled in when it is known. */
export interface StaticRelocation extends Address {
  /** Bytes from the start of the object. */
  readonly at: number
  /** Bytes. */
  readonly size: number
}

/**
 * The bytes of an initialiser of static storage, little-endian. Throws `C_NOT_CONSTANT` for an initialiser that the type checker would have
 * refused.
 */
export function staticData(type: Type, init: Init | undefined): StaticData {
  const image = new Image(sizeOf(type) ?? 0)
  if (init !== undefined) image.put(0, type, init)
  return { bytes: image.bytes, relocations: image.relocations }
}

class Image {
  readonly bytes: Uint8Array
  relocations: StaticRelocation[] = []

  constructor(size: number) {
    this.bytes = new Uint8Array(size)
  }

  put(at: number, type: Type, init: Init): void {
    if (init.kind === "expr") {
      this.#expr(at, type, init.expr)
      return
    }
    const t = canonical(type)
    for (const { field, index = 0, last = index, init: inner } of init.entries) {
      if (field !== undefined) this.#member(at, field, inner)
      else if (t.kind === "array") {
        const size = sizeOf(t.element) ?? 0
        for (let i = index; i <= last; i++) {
          this.#clear(at + i * size, size)
          this.put(at + i * size, t.element, inner)
        }
      }
    }
  }

  #member(at: number, field: Field, init: Init): void {
    const offset = at + field.offset
    if (field.bitWidth === undefined || field.bitOffset === undefined) {
      if (field.record.isUnion) this.#clear(at, field.record.size)
      this.#clear(offset, sizeOf(field.type) ?? 0)
      this.put(offset, field.type, init)
      return
    }
    const value = init.kind === "expr" ? evaluate(init.expr) : undefined
    if (value === undefined) notConstant(init)
    for (let i = 0; i < field.bitWidth; i++) {
      const bit = field.bitOffset + i
      const mask = 1 << (bit & 7)
      if ((value >> BigInt(i)) & 1n) this.bytes[offset + (bit >> 3)] |= mask
      else this.bytes[offset + (bit >> 3)] &= ~mask
    }
  }

  #expr(at: number, type: Type, e: Expr): void {
    if (e.kind === "string" && canonical(type).kind === "array") {
      this.bytes.set(e.bytes.subarray(0, sizeOf(type) ?? 0), at)
      return
    }
    if (e.kind === "cast" && e.cast === "load" && e.operand.kind === "compound") {
      this.put(at, type, e.operand.init)
      return
    }
    const size = sizeOf(type) ?? 0
    const value = evaluate(e)
    if (value !== undefined) {
      for (let i = 0; i < size; i++) this.bytes[at + i] = Number((value >> BigInt(8 * i)) & 0xffn)
      return
    }
    const address = evaluateAddress(e)
    if (address === undefined) notConstant({ kind: "expr", expr: e })
    this.relocations.push({ ...address, at, size })
  }

  /** Forgets what an earlier initialiser said of a place. */
  #clear(at: number, size: number): void {
    this.bytes.fill(0, at, at + size)
    if (this.relocations.length > 0) this.relocations = this.relocations.filter(r => r.at < at || r.at >= at + size)
  }
}

function notConstant(init: Init): never {
  const span = init.kind === "expr" ? init.expr.span : init.span
  throw new SkepError({ code: "C_NOT_CONSTANT", message: "initializer element is not a compile-time constant", span })
}
