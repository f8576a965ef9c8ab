import { readBigBits, readBits } from "./bits.ts"
import { CharArray } from "./char-array.ts"
import { generatedDecoder } from "./generate.ts"
import type { EnumShape, FloatShape, IntShape, RecordShape, Shape } from "./shape.ts"

/** A decoded value; see {@link valueCodec} for which type gives which. */
export type BtfValue = number | bigint | boolean | string | Uint8Array | BtfValue[] | BtfRecord
/** A value of a struct or union. */
export interface BtfRecord {
  /** The value of a member. */
  [member: string]: BtfValue
}

/** Reads a value at byte `at`; a flexible array goes on to byte `end`. */
export type Decoder = (view: DataView, at: number, end: number) => BtfValue

export interface DecodeOptions {
  /** What an enumeration gives: its number, or the name of its first enumerator of that value where it has one. */
  readonly enums?: "number" | "name"
}

/** What decoders are put together with: shapes that occur twice get one decoder. */
interface Context extends DecodeOptions {
  readonly littleEndian: boolean
  readonly known: Map<Shape, Decoder>
}

/** A decoder for values of a shape, put together once and used for every value. */
export function decoderOf(shape: Shape, littleEndian: boolean, options: DecodeOptions): Decoder {
  return build(shape, { ...options, littleEndian, known: new Map() })
}

/** A faster one that takes longer to make; undefined where none can be made. */
export function fastDecoderOf(shape: Shape, littleEndian: boolean, options: DecodeOptions): Decoder | undefined {
  const context = { ...options, littleEndian, known: new Map() }
  return generatedDecoder(shape, littleEndian, options, part => build(part, context))
}

function build(shape: Shape, context: Context): Decoder {
  const known = context.known.get(shape)
  if (known !== undefined) return known
  const built = buildNew(shape, context)
  context.known.set(shape, built)
  return built
}

function buildNew(shape: Shape, context: Context): Decoder {
  const { littleEndian } = context
  switch (shape.kind) {
    case "int":
      return intDecoder(shape, littleEndian)
    case "bool": {
      const { bits } = shape
      if (bits === undefined) return (view, at) => view.getUint8(at) !== 0
      return (view, at) => readBits(view, at, bits, littleEndian) !== 0
    }
    case "float":
      return floatDecoder(shape, littleEndian)
    case "enum":
      return enumDecoder(shape, context)
    case "chars": {
      const { count, flexible } = shape
      return (view, at, end) => {
        const length = flexible ? Math.max(0, end - at) : count
        const chars = new CharArray(length)
        for (let i = 0; i < length; i++) chars[i] = view.getUint8(at + i)
        return chars
      }
    }
    case "array": {
      const element = build(shape.element, context)
      const { count, flexible } = shape
      const { size } = shape.element
      return (view, at, end) => {
        const length = flexible && size > 0 ? Math.max(0, Math.floor((end - at) / size)) : count
        const array: BtfValue[] = new Array(length)
        for (let i = 0; i < length; i++) array[i] = element(view, at + i * size, end)
        return array
      }
    }
    case "record":
      return recordDecoder(shape, context)
  }
}

function recordDecoder(shape: RecordShape, context: Context): Decoder {
  const names = shape.fields.map(f => f.name)
  const offsets = shape.fields.map(f => f.offset)
  const decoders = shape.fields.map(f => build(f.shape, context))
  const count = names.length
  if (names.includes("__proto__")) {
    return (view, at, end) =>
      Object.fromEntries(names.map((name, i) => [name, decoders[i](view, at + offsets[i], end)]))
  }
  return (view, at, end) => {
    const record: BtfRecord = {}
    for (let i = 0; i < count; i++) record[names[i]] = decoders[i](view, at + offsets[i], end)
    return record
  }
}

function intDecoder(shape: IntShape, le: boolean): Decoder {
  const { signed, bits } = shape
  if (bits !== undefined) {
    const { width } = bits
    if (shape.big && signed) return (view, at) => BigInt.asIntN(width, readBigBits(view, at, bits, le))
    if (shape.big) return (view, at) => readBigBits(view, at, bits, le)
    const unused = 32 - width
    if (signed) return (view, at) => (readBits(view, at, bits, le) << unused) >> unused
    return (view, at) => readBits(view, at, bits, le)
  }
  switch (shape.size) {
    case 1:
      return signed ? (view, at) => view.getInt8(at) : (view, at) => view.getUint8(at)
    case 2:
      return signed ? (view, at) => view.getInt16(at, le) : (view, at) => view.getUint16(at, le)
    case 4:
      return signed ? (view, at) => view.getInt32(at, le) : (view, at) => view.getUint32(at, le)
    case 8:
      return signed ? (view, at) => view.getBigInt64(at, le) : (view, at) => view.getBigUint64(at, le)
    default: {
      const high = le ? 8 : 0
      const low = 8 - high
      if (signed) return (view, at) => (view.getBigInt64(at + high, le) << 64n) | view.getBigUint64(at + low, le)
      return (view, at) => (view.getBigUint64(at + high, le) << 64n) | view.getBigUint64(at + low, le)
    }
  }
}

function floatDecoder(shape: FloatShape, le: boolean): Decoder {
  const { size } = shape
  if (size === 4) return (view, at) => view.getFloat32(at, le)
  if (size === 8) return (view, at) => view.getFloat64(at, le)
  return (view, at) => Uint8Array.from({ length: size }, (_, i) => view.getUint8(at + i))
}

function enumDecoder(shape: EnumShape, context: Context): Decoder {
  const number = intDecoder({ ...shape, kind: "int" }, context.littleEndian)
  if (context.enums !== "name") return number
  const names = new Map<BtfValue, string>()
  for (const { name, value } of shape.type.values) {
    const key = shape.big ? BigInt(value) : Number(value)
    if (!names.has(key)) names.set(key, name)
  }
  return (view, at, end) => {
    const value = number(view, at, end)
    return names.get(value) ?? value
  }
}
