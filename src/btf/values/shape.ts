import { SkepError } from "../../base/index.ts"
import { bitFieldOf } from "../bit-field.ts"
import type { Btf } from "../btf.ts"
import { badBtf } from "../error.ts"
import { POINTER_SIZE, sizeOf } from "../size.ts"
import type { ArrayType, BtfMember, Enum64Type, EnumType, IntType, RecordType } from "../types.ts"
import { touchedBytes } from "./bits.ts"

/** Deepest nesting of arrays and records. */
const MAX_DEPTH = 128
/** Most scalars in one value, and most fields in one record: bounds for damaged BTF whose members overlap without end. */
const MAX_SCALARS = 1 << 24
/** Most scalars for each byte of a value: unions decode every member. */
const MAX_OVERLAP = 256
const MAX_FIELDS = 1 << 16

/** What a value is made of, with everything looked up and checked: decoders and encoders are built from it. */
export type Shape = IntShape | BoolShape | FloatShape | EnumShape | CharsShape | ArrayShape | RecordShape

/** The bits of a bit-field: `shift` bits after the first bit of the first byte, counted as the byte order counts. */
export interface Bits {
  readonly shift: number
  readonly width: number
}

interface Common {
  /** The type's name in C, for messages. */
  readonly label: string
  /** Bytes; 0 for a flexible array. */
  readonly size: number
  /** A flexible array, or a record that ends with one. */
  readonly flexible: boolean
  /** Bytes that must be there: all, but where the value is flexible those before the array. */
  readonly needed: number
}

export interface IntShape extends Common {
  readonly kind: "int"
  readonly signed: boolean
  /** Kept as a bigint: the type has more than 32 bits. */
  readonly big: boolean
  readonly bits?: Bits
}

export interface BoolShape extends Common {
  readonly kind: "bool"
  readonly bits?: Bits
}

/** A number for 4 and 8 bytes; other formats stay bytes. */
export interface FloatShape extends Common {
  readonly kind: "float"
}

export interface EnumShape extends Common {
  readonly kind: "enum"
  readonly signed: boolean
  readonly big: boolean
  readonly bits?: Bits
  readonly type: EnumType | Enum64Type
}

/** An array of `char`, `unsigned char` or the like. */
export interface CharsShape extends Common {
  readonly kind: "chars"
  readonly count: number
}

export interface ArrayShape extends Common {
  readonly kind: "array"
  readonly element: Shape
  readonly count: number
}

export interface RecordShape extends Common {
  readonly kind: "record"
  /** Anonymous members are opened: their fields stand here. */
  readonly fields: readonly Field[]
}

export interface Field {
  readonly name: string
  /** Bytes from the start of the record. */
  readonly offset: number
  readonly shape: Shape
}

/**
 * The shape of a type's values.
 * @throws SkepError BTF_NO_SIZE, BTF_BAD_SIZE, BTF_BAD_MEMBER, BTF_BAD_ID, BTF_CYCLE, BTF_TOO_LARGE
 */
export function shapeOf(btf: Btf, id: number): Shape {
  const builder = new ShapeBuilder(btf)
  const shape = builder.shape(id, true, 0)
  if (builder.scalars > MAX_OVERLAP * (shape.size + 16)) {
    throw tooLarge(`a value of ${shape.label} is made of ${builder.scalars} numbers in ${shape.size} bytes`)
  }
  return shape
}

class ShapeBuilder {
  readonly #btf: Btf
  /** Shapes by type id (negative for those not at the tail), with the scalars each is made of. */
  readonly #known = new Map<number, { shape: Shape; scalars: number }>()
  /** Scalars of all shapes built, as often as they occur. */
  scalars = 0

  constructor(btf: Btf) {
    this.#btf = btf
  }

  /** `tail`: the value ends its outermost record, so that an array without a size there is a flexible one. */
  shape(id: number, tail: boolean, depth: number): Shape {
    const key = tail ? id : -id
    const known = this.#known.get(key)
    if (known !== undefined) {
      this.#count(known.scalars, known.shape.label)
      return known.shape
    }
    const before = this.scalars
    const shape = this.#build(id, tail, depth)
    this.#known.set(key, { shape, scalars: this.scalars - before })
    return shape
  }

  #build(id: number, tail: boolean, depth: number): Shape {
    const btf = this.#btf
    if (depth > MAX_DEPTH) throw badBtf("BTF_CYCLE", `values of BTF type ${id} are nested deeper than ${MAX_DEPTH}`)
    const resolved = btf.resolve(id)
    const type = btf.type(resolved)
    const label = labelOf(btf, id)
    switch (type.kind) {
      case "int":
        this.#count(1, label)
        return intShape(type, label)
      case "enum":
      case "enum64":
        this.#count(1, label)
        return enumShape(type, label)
      case "float":
        this.#count(1, label)
        return { kind: "float", label, ...fixed(type.size) }
      case "ptr":
        this.#count(1, label)
        return { kind: "int", label: "pointer", ...fixed(POINTER_SIZE), signed: false, big: true }
      case "array":
        return this.#array(type, label, tail, depth)
      case "struct":
      case "union": {
        this.#count(1, label)
        const fields: Field[] = []
        for (const [i, m] of type.members.entries()) {
          const last = tail && (type.kind === "union" || i === type.members.length - 1)
          this.#addMember(fields, type, label, m, last, depth)
        }
        const flexible = fields.some(f => f.shape.flexible)
        const needed = flexible ? fields.reduce((most, f) => Math.max(most, f.offset + f.shape.needed), 0) : type.size
        return { kind: "record", label, size: type.size, flexible, needed, fields }
      }
      case "var":
        return this.shape(type.type, tail, depth + 1)
      case "datasec": {
        const fields = type.vars.map(v => {
          const shape = this.shape(v.type, false, depth + 1)
          if (v.offset + shape.size > type.size) throw outside(btf.name(v.type), label)
          return { name: btf.name(v.type), offset: v.offset, shape }
        })
        return { kind: "record", label, ...fixed(type.size), fields }
      }
      default:
        sizeOf(btf, resolved)
        throw badBtf("BTF_NO_SIZE", `${label} has no values`)
    }
  }

  #array(type: ArrayType, label: string, tail: boolean, depth: number): Shape {
    const before = this.scalars
    const element = this.shape(type.type, false, depth + 1)
    const flexible = tail && type.count === 0
    const size = element.size * type.count
    if (element.kind === "int" && element.size === 1 && this.#isChar(type.type)) {
      return { kind: "chars", label, ...fixed(size), count: type.count, flexible }
    }
    this.#count((this.scalars - before) * Math.max(0, type.count - 1), label)
    return { kind: "array", label, ...fixed(size), element, count: type.count, flexible }
  }

  /** Adds the fields of a member: itself, or what an anonymous one is made of. */
  #addMember(fields: Field[], record: RecordType, label: string, m: BtfMember, tail: boolean, depth: number): void {
    if (fields.length > MAX_FIELDS) throw tooLarge(`${label} has more than ${MAX_FIELDS} members`)
    let shape = this.shape(m.type, tail, depth + 1)
    if (m.name === "") {
      if (shape.kind === "record" && m.bitSize === 0) {
        const offset = m.bitOffset / 8
        if (offset + shape.size > record.size) throw outside("an anonymous member", label)
        for (const f of shape.fields) fields.push({ ...f, offset: offset + f.offset })
      }
      return
    }
    const field = bitFieldOf(this.#btf, m)
    const bitOffset = field === undefined ? m.bitOffset : field.bitOffset
    const end = bitOffset + (field === undefined ? shape.size * 8 : field.bitSize)
    if (end > record.size * 8) throw outside(`"${m.name}"`, label)
    if (field !== undefined) {
      if (shape.kind !== "int" && shape.kind !== "bool" && shape.kind !== "enum") {
        throw badBtf("BTF_BAD_MEMBER", `bit-field "${m.name}" of ${label} is not of an integer type`)
      }
      if (field.bitSize > shape.size * 8) {
        throw badBtf(
          "BTF_BAD_MEMBER",
          `bit-field "${m.name}" of ${label} has ${field.bitSize} bits, more than its type`,
        )
      }
      const bits = { shift: bitOffset % 8, width: field.bitSize }
      shape = { ...shape, needed: touchedBytes(bits), bits }
    } else if (bitOffset % 8 !== 0) {
      throw badBtf("BTF_BAD_MEMBER", `"${m.name}" of ${label} starts at bit ${bitOffset}, inside a byte`)
    }
    fields.push({ name: m.name, offset: Math.floor(bitOffset / 8), shape })
  }

  #isChar(id: number): boolean {
    const type = this.#btf.resolved(id)
    if (type.kind !== "int" || type.bool) return false
    return !type.signed || type.name === "char" || (type.char && type.name !== "signed char")
  }

  #count(scalars: number, label: string): void {
    this.scalars += scalars
    if (this.scalars > MAX_SCALARS) throw tooLarge(`a value of ${label} is made of more than ${MAX_SCALARS} numbers`)
  }
}

/** The extent of what is not flexible. */
function fixed(size: number): { size: number; flexible: false; needed: number } {
  return { size, flexible: false, needed: size }
}

function intShape(type: IntType, label: string): Shape {
  if (type.bool && type.size === 1) return { kind: "bool", label, ...fixed(1) }
  if (![1, 2, 4, 8, 16].includes(type.size)) {
    throw badBtf("BTF_BAD_SIZE", `BTF type ${label} is an integer of ${type.size} bytes`)
  }
  return { kind: "int", label, ...fixed(type.size), signed: type.signed, big: type.size > 4 }
}

function enumShape(type: EnumType | Enum64Type, label: string): Shape {
  if (![1, 2, 4, 8].includes(type.size)) {
    throw badBtf("BTF_BAD_SIZE", `BTF type ${label} is an enumeration of ${type.size} bytes`)
  }
  return { kind: "enum", label, ...fixed(type.size), signed: type.signed, big: type.size > 4, type }
}

function tooLarge(message: string): SkepError {
  return new SkepError({ code: "BTF_TOO_LARGE", message, hint: "take a part of it, or its bytes" })
}

function outside(member: string, label: string): SkepError {
  return badBtf("BTF_BAD_MEMBER", `${member} of ${label} reaches over its end`)
}

/** The name that C has for a type: `u32`, `struct key`, `char[]`. */
function labelOf(btf: Btf, id: number, depth = 0): string {
  for (; depth < MAX_DEPTH; depth++) {
    const type = btf.type(id)
    switch (type.kind) {
      case "const":
      case "volatile":
      case "restrict":
      case "type_tag":
        id = type.type
        continue
      case "array":
        return `${labelOf(btf, type.type, depth + 1)}[${type.count === 0 ? "" : type.count}]`
      case "struct":
      case "union":
      case "enum":
        return type.name === "" ? `an anonymous ${type.kind}` : `${type.kind} ${type.name}`
      case "enum64":
        return type.name === "" ? "an anonymous enum" : `enum ${type.name}`
      default:
        return type.name === "" ? type.kind : type.name
    }
  }
  return "?"
}
