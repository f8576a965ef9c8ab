import { readBigBits, readBits } from "./bits.ts"
import { CharArray } from "./char-array.ts"
import type { Shape } from "./shape.ts"

/** Numbers of up to 32 bits, and floating point: one for each value, several for each where the field is an array. */
export type NumberColumn =
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | Float32Array
  | Float64Array
/** Numbers of 64 bits. */
export type BigColumn = BigInt64Array | BigUint64Array
/** What a field of many values gives. Of a struct: an object with a column for each member. */
export type Column = NumberColumn | BigColumn | bigint[] | CharColumn | ColumnRecord
/** A column for each member of a struct. */
export interface ColumnRecord {
  /** The column of a member. */
  [member: string]: Column
}

/** The columns that values of a JavaScript type make: `ColumnsOf<{ pid: number; ns: bigint }>` is a record of two arrays. */
export type ColumnsOf<T> = 0 extends 1 & T
  ? // biome-ignore lint/suspicious/noExplicitAny: nothing is known of the values.
    any
  : [T] extends [number | boolean]
    ? NumberColumn
    : [T] extends [bigint]
      ? BigColumn
      : [T] extends [string | Uint8Array]
        ? CharColumn
        : T extends readonly (infer E)[]
          ? ColumnsOf<E>
          : { [K in keyof T]: ColumnsOf<T[K]> }

/** A column of C character arrays, all of one length. */
export class CharColumn implements Iterable<CharArray> {
  /** All of them, one after another. */
  readonly bytes: Uint8Array
  /** Bytes of each. */
  readonly width: number
  /** Number of texts. */
  readonly length: number

  constructor(bytes: Uint8Array, width: number, length: number) {
    this.bytes = bytes
    this.width = width
    this.length = length
  }

  /** The text of one, up to its first NUL. */
  text(index: number): string {
    return this.at(index).text
  }

  /** The bytes of one, without a copy. */
  at(index: number): CharArray {
    return new CharArray(this.bytes.buffer as ArrayBuffer, this.bytes.byteOffset + index * this.width, this.width)
  }

  *[Symbol.iterator](): IterableIterator<CharArray> {
    for (let i = 0; i < this.length; i++) yield this.at(i)
  }
}

/** Where values lie: value i begins at byte `offset + i * stride`. */
interface Rows {
  readonly bytes: Uint8Array
  readonly offset: number
  readonly stride: number
  readonly count: number
}

/**
 * The fields of many values as columns. A field that lies alone and aligned is a view of the bytes; all others are
 * copied. Members of arrays stand one value after another: element j of value i of a `u32 a[4]` is at `4 * i + j`.
 */
export function columnsOf(shape: Shape, littleEndian: boolean, rows: Rows): Column {
  switch (shape.kind) {
    case "record": {
      const members = shape.fields.map(({ name, offset, shape: field }): [string, Column] => {
        return [name, columnsOf(field, littleEndian, { ...rows, offset: rows.offset + offset })]
      })
      return Object.fromEntries(members)
    }
    case "chars":
      return new CharColumn(together(rows, shape.count), shape.count, rows.count)
    case "array": {
      const bytes = together(rows, shape.size)
      const { size } = shape.element
      return columnsOf(shape.element, littleEndian, { bytes, offset: 0, stride: size, count: rows.count * shape.count })
    }
    case "bool": {
      const { bits } = shape
      if (bits === undefined) return numbers(rows, 1, false, littleEndian)
      return Uint8Array.from(
        { length: rows.count },
        each(rows, (view, at) => readBits(view, at, bits, littleEndian)),
      )
    }
    case "float":
      if (shape.size === 4 || shape.size === 8) return floats(rows, shape.size, littleEndian)
      return new CharColumn(together(rows, shape.size), shape.size, rows.count)
    default: {
      const { bits, big, signed, size } = shape
      const { count: length } = rows
      if (bits === undefined) {
        return size <= 4
          ? numbers(rows, size, signed, littleEndian)
          : size === 8
            ? bigs(rows, signed, littleEndian)
            : wide(rows, signed, littleEndian)
      }
      if (big) {
        const read = each(rows, (view, at) => readBigBits(view, at, bits, littleEndian))
        const values = Array.from({ length }, read)
        return signed
          ? BigInt64Array.from(values, value => BigInt.asIntN(bits.width, value))
          : BigUint64Array.from(values)
      }
      const unused = 32 - bits.width
      const read = each(rows, (view, at) => readBits(view, at, bits, littleEndian))
      return signed
        ? Int32Array.from({ length }, (_, i) => (read(_, i) << unused) >> unused)
        : Uint32Array.from({ length }, read)
    }
  }
}

const viewOf = ({ buffer, byteOffset, byteLength }: Uint8Array): DataView =>
  new DataView(buffer, byteOffset, byteLength)

function each<T>(rows: Rows, read: (view: DataView, at: number) => T): (_: unknown, i: number) => T {
  const view = viewOf(rows.bytes)
  return (_, i) => read(view, rows.offset + i * rows.stride)
}

/** `size` bytes of each value, one after another: the bytes themselves where they lie so already. */
function together({ bytes, offset, stride, count }: Rows, size: number): Uint8Array {
  if (stride === size) return bytes.subarray(offset, offset + count * size)
  const packed = new Uint8Array(count * size)
  for (let i = 0, at = offset, to = 0; i < count; i++, at += stride, to += size) {
    for (let j = 0; j < size; j++) packed[to + j] = bytes[at + j]
  }
  return packed
}

const hostIsLittle = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1

/** Steps from one value to the next in elements of `size` bytes; 0 where the values are not aligned to their size. */
function step({ bytes, offset, stride }: Rows, size: number, littleEndian: boolean): number {
  if (size > 1 && littleEndian !== hostIsLittle) return 0
  return (bytes.byteOffset + offset) % size === 0 && stride % size === 0 ? stride / size : 0
}

/** Of aligned values every `by`-th element; a view where that is every one. */
function strided<A extends NumberColumn | BigColumn>(
  rows: Rows,
  by: number,
  make: { new (length: number): A; new (buffer: ArrayBufferLike, offset: number, length: number): A },
): A {
  const { bytes, offset, count } = rows
  if (count === 0) return new make(0)
  const whole = new make(bytes.buffer, bytes.byteOffset + offset, (count - 1) * by + 1)
  if (by === 1) return whole
  const column = new make(count)
  if (column.BYTES_PER_ELEMENT === 8) {
    // By halves: a bigint for each would have to be made, and a double may not keep the bits of a NaN.
    const from = new Uint32Array(bytes.buffer, bytes.byteOffset + offset, whole.length * 2)
    const to = new Uint32Array(column.buffer)
    for (let i = 0, at = 0; i < to.length; i += 2, at += by * 2) {
      to[i] = from[at]
      to[i + 1] = from[at + 1]
    }
  } else for (let i = 0, at = 0; i < count; i++, at += by) column[i] = whole[at] as never
  return column
}

function numbers(rows: Rows, size: number, signed: boolean, le: boolean): NumberColumn {
  const by = step(rows, size, le)
  const { count: length } = rows
  if (size === 1) return signed ? strided(rows, by, Int8Array) : strided(rows, by, Uint8Array)
  if (size === 2) {
    if (by > 0) return signed ? strided(rows, by, Int16Array) : strided(rows, by, Uint16Array)
    if (signed)
      return Int16Array.from(
        { length },
        each(rows, (view, at) => view.getInt16(at, le)),
      )
    return Uint16Array.from(
      { length },
      each(rows, (view, at) => view.getUint16(at, le)),
    )
  }
  if (by > 0) return signed ? strided(rows, by, Int32Array) : strided(rows, by, Uint32Array)
  if (signed)
    return Int32Array.from(
      { length },
      each(rows, (view, at) => view.getInt32(at, le)),
    )
  return Uint32Array.from(
    { length },
    each(rows, (view, at) => view.getUint32(at, le)),
  )
}

function bigs(rows: Rows, signed: boolean, le: boolean): BigColumn {
  const by = step(rows, 8, le)
  const { count } = rows
  if (by > 0) return signed ? strided(rows, by, BigInt64Array) : strided(rows, by, BigUint64Array)
  const column = new BigUint64Array(count)
  const view = viewOf(rows.bytes)
  for (let i = 0, at = rows.offset; i < count; i++, at += rows.stride) column[i] = view.getBigUint64(at, le)
  return signed ? new BigInt64Array(column.buffer) : column
}

function floats(rows: Rows, size: 4 | 8, le: boolean): NumberColumn {
  const by = step(rows, size, le)
  if (by > 0) return size === 4 ? strided(rows, by, Float32Array) : strided(rows, by, Float64Array)
  const { count: length } = rows
  if (size === 4)
    return Float32Array.from(
      { length },
      each(rows, (view, at) => view.getFloat32(at, le)),
    )
  return Float64Array.from(
    { length },
    each(rows, (view, at) => view.getFloat64(at, le)),
  )
}

function wide(rows: Rows, signed: boolean, le: boolean): bigint[] {
  return Array.from(
    { length: rows.count },
    each(rows, (view, at) => {
      const [low, high] = le ? [at, at + 8] : [at + 8, at]
      const value = (view.getBigUint64(high, le) << 64n) | view.getBigUint64(low, le)
      return signed ? BigInt.asIntN(128, value) : value
    }),
  )
}
