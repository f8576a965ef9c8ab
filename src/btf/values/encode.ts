import { SkepError } from "../../base/index.ts"
import { writeBits } from "./bits.ts"
import type { CharArray } from "./char-array.ts"
import type { CharsShape, EnumShape, Field, FloatShape, IntShape, RecordShape, Shape } from "./shape.ts"

/**
 * A value to be encoded: what the decoder gives, and besides a text or bytes for a character array, a bigint or a
 * number for any integer, 0 or 1 for a `_Bool`, an enumerator's name for an enumeration, and records with members left
 * out.
 */
export type BtfInput = number | bigint | boolean | string | ArrayLike<BtfInput> | BtfInputRecord
export interface BtfInputRecord {
  readonly [member: string]: BtfInput | undefined
}

/**
 * What may be given where values of a type are decoded: `InputOf<{ pid: number; comm: CharArray; ns: bigint }>` takes
 * `{ pid: 1, comm: "sh", ns: 5 }`. Members that are left out are zero.
 */
export type InputOf<T> = 0 extends 1 & T
  ? // biome-ignore lint/suspicious/noExplicitAny: nothing is known of the values.
    any
  : T extends number | bigint
    ? number | bigint
    : T extends boolean
      ? boolean | 0 | 1
      : T extends CharArray
        ? string | ArrayLike<number>
        : T extends Uint8Array | string
          ? T
          : T extends readonly (infer E)[]
            ? readonly Given<E>[]
            : { readonly [K in keyof T]?: Given<T[K]> }

/** A value as it is decoded, or what stands for it. */
export type Given<T> = T | InputOf<T>

/** Where in the value the encoder is: members and indexes from the outside in. */
type Path = (string | number)[]

/** Writes a value at byte `at`, over zeros. */
type Encoder = (view: DataView, at: number, value: unknown, path: Path) => void

/** Bytes that a value takes; only a flexible array makes them differ from the type's size. */
type Measure = (value: unknown) => number

export interface ValueEncoder {
  readonly write: (view: DataView, at: number, value: unknown) => void
  readonly measure: Measure
}

interface Context {
  readonly littleEndian: boolean
  readonly known: Map<Shape, Encoder>
}

/** An encoder for values of a shape, put together once and used for every value. */
export function encoderOf(shape: Shape, littleEndian: boolean): ValueEncoder {
  const encoder = build(shape, { littleEndian, known: new Map() })
  return { write: (view, at, value) => encoder(view, at, value, []), measure: measureOf(shape) }
}

function build(shape: Shape, context: Context): Encoder {
  const known = context.known.get(shape)
  if (known !== undefined) return known
  const built = buildNew(shape, context)
  context.known.set(shape, built)
  return built
}

function buildNew(shape: Shape, context: Context): Encoder {
  const le = context.littleEndian
  switch (shape.kind) {
    case "int":
      return intEncoder(shape, le, shape.label)
    case "bool": {
      const { bits, label } = shape
      return (view, at, value, path) => {
        if (typeof value !== "boolean" && value !== 0 && value !== 1 && value !== 0n && value !== 1n) {
          throw wrongType(path, "true or false", label, value)
        }
        if (bits === undefined) view.setUint8(at, value ? 1 : 0)
        else writeBits(view, at, bits, value ? 1n : 0n, le)
      }
    }
    case "float":
      return floatEncoder(shape, le)
    case "enum":
      return enumEncoder(shape, le)
    case "chars":
      return charsEncoder(shape)
    case "array": {
      const element = build(shape.element, context)
      const { size } = shape.element
      const { count, flexible, label } = shape
      return (view, at, value, path) => {
        if (!isArrayLike(value)) throw wrongType(path, "an array", label, value)
        if (!flexible && value.length > count) throw tooLong(path, `${value.length} elements`, label)
        for (let i = 0; i < value.length; i++) {
          path.push(i)
          element(view, at + i * size, value[i], path)
          path.pop()
        }
      }
    }
    case "record":
      return recordEncoder(shape, context)
  }
}

function recordEncoder(shape: RecordShape, context: Context): Encoder {
  const encoders = new Map(shape.fields.map(f => [f.name, { offset: f.offset, write: build(f.shape, context) }]))
  return (view, at, value, path) => {
    if (typeof value !== "object" || value === null || isArrayLike(value)) {
      throw wrongType(path, "an object with its members", shape.label, value)
    }
    for (const name of Object.keys(value)) {
      const part = (value as BtfInputRecord)[name]
      if (part === undefined) continue
      const field = encoders.get(name)
      if (field === undefined) throw noMember(path, name, shape)
      path.push(name)
      field.write(view, at + field.offset, part, path)
      path.pop()
    }
  }
}

function intEncoder(shape: IntShape, le: boolean, label: string): Encoder {
  const { bits, size, signed } = shape
  const width = bits?.width ?? size * 8
  const [low, high] = limits(width, signed)
  const wanted = `an integer from ${low} to ${high}`
  if (bits === undefined && size <= 4) {
    const [least, most] = [Number(low), Number(high)]
    return (view, at, value, path) => {
      const number = typeof value === "bigint" ? Number(value) : value
      if (typeof number !== "number" || !Number.isInteger(number)) throw wrongType(path, wanted, label, value)
      if (number < least || number > most) throw outOfRange(path, value, wanted, label)
      writeNumber(view, at, size, number, le)
    }
  }
  return (view, at, value, path) => {
    const number = toBigInt(value)
    if (number === undefined) throw wrongType(path, wanted, label, value)
    if (number < low || number > high) throw outOfRange(path, value, wanted, label)
    if (bits !== undefined) writeBits(view, at, bits, BigInt.asUintN(width, number), le)
    else writeInt(view, at, size, number, le)
  }
}

/** An integer of 1, 2 or 4 bytes. */
function writeNumber(view: DataView, at: number, size: number, value: number, le: boolean): void {
  if (size === 1) view.setUint8(at, value)
  else if (size === 2) view.setUint16(at, value, le)
  else view.setUint32(at, value, le)
}

/** An integer of 1 to 16 bytes. */
function writeInt(view: DataView, at: number, size: number, value: bigint, le: boolean): void {
  if (size === 16) {
    view.setBigUint64(at + (le ? 0 : 8), BigInt.asUintN(64, value), le)
    view.setBigUint64(at + (le ? 8 : 0), BigInt.asUintN(64, value >> 64n), le)
  } else if (size === 8) {
    view.setBigUint64(at, BigInt.asUintN(64, value), le)
  } else {
    writeNumber(view, at, size, Number(value), le)
  }
}

function limits(width: number, signed: boolean): [bigint, bigint] {
  const bits = BigInt(width)
  return signed ? [-(1n << (bits - 1n)), (1n << (bits - 1n)) - 1n] : [0n, (1n << bits) - 1n]
}

/** A bigint as it is, a number when it is an integer that a number holds exactly. */
function toBigInt(value: unknown): bigint | undefined {
  if (typeof value === "bigint") return value
  return Number.isSafeInteger(value) ? BigInt(value as number) : undefined
}

function floatEncoder(shape: FloatShape, le: boolean): Encoder {
  const { size, label } = shape
  return (view, at, value, path) => {
    if (size === 4 || size === 8) {
      if (typeof value !== "number") throw wrongType(path, "a number", label, value)
      if (size === 4) view.setFloat32(at, value, le)
      else view.setFloat64(at, value, le)
    } else {
      if (!isArrayLike(value) || value.length !== size) throw wrongType(path, `its ${size} bytes`, label, value)
      writeBytes(view, at, value, path, label)
    }
  }
}

function enumEncoder(shape: EnumShape, le: boolean): Encoder {
  const { label } = shape
  const width = shape.bits?.width ?? shape.size * 8
  // Compilers before clang 16 did not tell whether an enumeration is signed: both readings are taken.
  const [low] = limits(width, true)
  const [, high] = limits(width, shape.signed && shape.big)
  const wanted = `one of its enumerators or an integer from ${low} to ${high}`
  const values = new Map(shape.type.values.map(v => [v.name, BigInt(v.value)]))
  return (view, at, value, path) => {
    const number = typeof value === "string" ? values.get(value) : toBigInt(value)
    if (number === undefined) throw wrongType(path, wanted, label, value)
    if (number < low || number > high) throw outOfRange(path, value, wanted, label)
    if (shape.bits !== undefined) writeBits(view, at, shape.bits, BigInt.asUintN(width, number), le)
    else writeInt(view, at, shape.size, number, le)
  }
}

const utf8 = new TextEncoder()

function charsEncoder(shape: CharsShape): Encoder {
  const { count, flexible, label } = shape
  return (view, at, value, path) => {
    const bytes = typeof value === "string" ? utf8.encode(value) : value
    if (!isArrayLike(bytes)) throw wrongType(path, "a text or bytes", label, value)
    if (!flexible && bytes.length > count) throw tooLong(path, `${bytes.length} bytes`, label)
    writeBytes(view, at, bytes, path, label)
  }
}

function writeBytes(view: DataView, at: number, bytes: ArrayLike<unknown>, path: Path, label: string): void {
  for (let i = 0; i < bytes.length; i++) {
    const byte = Number(bytes[i])
    if (!Number.isInteger(byte) || byte < -128 || byte > 255) {
      throw outOfRange([...path, i], bytes[i], "a byte from 0 to 255", label)
    }
    view.setUint8(at + i, byte)
  }
}

function isArrayLike(value: unknown): value is ArrayLike<unknown> {
  return Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView))
}

/** How many bytes a value of a shape takes. */
function measureOf(shape: Shape): Measure {
  const { size } = shape
  switch (shape.kind) {
    case "chars":
      if (!shape.flexible) return () => size
      return value => (typeof value === "string" ? utf8.encode(value).length : isArrayLike(value) ? value.length : 0)
    case "array": {
      if (!shape.flexible) return () => size
      const each = shape.element.size
      return value => (isArrayLike(value) ? value.length * each : 0)
    }
    case "record": {
      const tails = shape.fields.filter(f => f.shape.flexible).map(f => [f, measureOf(f.shape)] as [Field, Measure])
      return value =>
        tails.reduce((most, [field, measure]) => {
          const part = (value as BtfInputRecord | null)?.[field.name]
          return part === undefined ? most : Math.max(most, field.offset + measure(part))
        }, size)
    }
    default:
      return () => size
  }
}

/** `key.addr[3]`; what has no name is "the value". */
function place(path: Path): string {
  let text = ""
  for (const step of path) text += typeof step === "number" ? `[${step}]` : text === "" ? step : `.${step}`
  return text === "" ? "the value" : text
}

function shown(value: unknown): string {
  if (value === null) return "null"
  if (Array.isArray(value)) return "an array"
  if (typeof value === "string") return JSON.stringify(value)
  return typeof value === "object" ? "an object" : typeof value === "function" ? "a function" : String(value)
}

function wrongType(path: Path, wanted: string, label: string, value: unknown): SkepError {
  return new SkepError({
    code: "BTF_VALUE_TYPE",
    message: `${place(path)} (${label}) takes ${wanted}, not ${shown(value)}`,
    hint: "give a value of the type the program declares",
  })
}

function outOfRange(path: Path, value: unknown, wanted: string, label: string): SkepError {
  return new SkepError({
    code: "BTF_VALUE_RANGE",
    message: `${place(path)} (${label}) takes ${wanted}, not ${shown(value)}`,
    hint: "give a value that fits, or a wider type in the program",
  })
}

function tooLong(path: Path, length: string, label: string): SkepError {
  return new SkepError({
    code: "BTF_VALUE_RANGE",
    message: `${place(path)} (${label}) does not hold ${length}`,
    hint: "shorten it, or make the array longer in the program",
  })
}

function noMember(path: Path, name: string, shape: RecordShape): SkepError {
  return new SkepError({
    code: "BTF_VALUE_MEMBER",
    message: `${path.length === 0 ? shape.label : `${place(path)} (${shape.label})`} has no member "${name}"`,
    hint: `its members are ${shape.fields.map(f => f.name).join(", ")}`,
  })
}
