import { SkepError } from "../../base/index.ts"
import type { Btf } from "../btf.ts"
import { type Column, columnsOf } from "./columns.ts"
import { type BtfValue, type DecodeOptions, type Decoder, decoderOf, fastDecoderOf } from "./decode.ts"
import { type BtfInput, encoderOf, type ValueEncoder } from "./encode.ts"
import { type Shape, shapeOf } from "./shape.ts"

/** Values after which it pays to make a faster decoder. */
const MANY = 64

/** Turns bytes of one type into JavaScript values and back; see {@link valueCodec}. */
export class ValueCodec {
  /** Bytes of a value, without what a flexible array adds. */
  readonly size: number
  readonly #littleEndian: boolean
  readonly #shape: Shape
  readonly #options: DecodeOptions
  #decoder: Decoder
  /** Values until a faster decoder is made; negative once it is. */
  #slow = MANY
  #encoder: ValueEncoder | undefined

  constructor(shape: Shape, littleEndian: boolean, options: DecodeOptions) {
    this.#shape = shape
    this.#littleEndian = littleEndian
    this.#options = options
    this.#decoder = decoderOf(shape, littleEndian, options)
    this.size = shape.size
  }

  /**
   * The value at byte `offset`. A flexible array at its end takes all bytes up to `end`.
   * @throws SkepError BTF_VALUE_SHORT when there are fewer bytes than the type has
   */
  decode(bytes: Uint8Array | DataView, offset = 0, end = bytes.byteLength): BtfValue {
    const { label, needed } = this.#shape
    const view = bytes instanceof DataView ? bytes : new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    if (!(offset >= 0 && offset + needed <= end && end <= view.byteLength)) {
      throw short(label, needed, `${Math.max(0, end - offset)} are there`)
    }
    if (this.#slow >= 0) this.#expect(1)
    return this.#decoder(view, offset, end)
  }

  /** Takes a faster decoder when so many values more make it worth while. */
  #expect(values: number): void {
    this.#slow -= values
    if (this.#slow >= 0) return
    this.#decoder = fastDecoderOf(this.#shape, this.#littleEndian, this.#options) ?? this.#decoder
  }

  /**
   * The values that lie one after the other, `stride` bytes apart (the size of the type when left out).
   * @throws SkepError BTF_VALUE_SHORT
   */
  decodeMany(bytes: Uint8Array | DataView, count: number, stride = this.size): BtfValue[] {
    const at = this.reader(bytes, count, stride)
    const values: BtfValue[] = new Array(count)
    for (let i = 0; i < count; i++) values[i] = at(i)
    return values
  }

  /**
   * Decodes value i of `count` that lie `stride` bytes apart, each when it is asked for.
   * @throws SkepError BTF_VALUE_SHORT
   */
  reader(bytes: Uint8Array | DataView, count: number, stride = this.size): (index: number) => BtfValue {
    const { label, needed } = this.#shape
    const view = bytes instanceof DataView ? bytes : new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    if (count > 0 && !(stride >= needed && (count - 1) * stride + needed <= view.byteLength)) {
      throw short(label, needed, `${view.byteLength} bytes do not hold ${count} of them`)
    }
    if (this.#slow >= 0) this.#expect(count)
    const decoder = this.#decoder
    const { size } = this
    return index => decoder(view, index * stride, index * stride + size)
  }

  /**
   * The fields of values that lie `stride` bytes apart from byte `offset` on, as typed arrays; of values that are no
   * structs, one column. A column may be a view of the bytes.
   * @throws SkepError BTF_VALUE_SHORT
   */
  columns(bytes: Uint8Array, count: number, stride = this.size, offset = 0): Column {
    const { label, needed } = this.#shape
    if (count > 0 && !(stride >= needed && offset >= 0 && offset + (count - 1) * stride + needed <= bytes.length)) {
      throw short(label, needed, `${bytes.length} bytes do not hold ${count} of them`)
    }
    return columnsOf(this.#shape, this.#littleEndian, { bytes, offset, stride, count })
  }

  /** Bytes that {@link encode} gives for a value. */
  measure(value: BtfInput): number {
    this.#encoder ??= encoderOf(this.#shape, this.#littleEndian)
    return this.#encoder.measure(value)
  }

  /**
   * Writes a value into `into` at byte `offset` (into new bytes when left out) and returns those bytes. Members that are
   * left out are zero; of a union the members are written in the order they are given.
   * @throws SkepError BTF_VALUE_TYPE, BTF_VALUE_RANGE, BTF_VALUE_MEMBER; BTF_VALUE_SHORT when `into` is too small
   */
  encode(value: BtfInput, into?: Uint8Array, offset = 0): Uint8Array {
    this.#encoder ??= encoderOf(this.#shape, this.#littleEndian)
    const size = this.#encoder.measure(value)
    const bytes = into ?? new Uint8Array(offset + size)
    if (offset < 0 || offset + size > bytes.length) {
      throw short(this.#shape.label, size, `${Math.max(0, bytes.length - offset)} are there to write to`)
    }
    bytes.fill(0, offset, offset + size)
    this.#encoder.write(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), offset, value)
    return bytes
  }
}

const codecs = new WeakMap<Btf, Map<string, ValueCodec>>()

/**
 * The codec of a type, made once for each type of a BTF. What decoding gives:
 *
 * | C | JavaScript |
 * |---|---|
 * | integers up to 32 bits, and bit-fields of such types | number |
 * | 64-bit integers, `__int128`, bit-fields of such types | bigint |
 * | `_Bool` | boolean |
 * | enumerations | number (bigint when 64 bits wide), or with `enums: "name"` the enumerator's name where there is one |
 * | pointers | bigint |
 * | `float`, `double` | number; other formats their bytes |
 * | arrays of `char`, `unsigned char`, `u8` | {@link CharArray} |
 * | other arrays | Array |
 * | structs, and data sections by variable | object; anonymous members opened |
 * | unions | object with every member |
 * | flexible arrays | what the bytes after the record hold |
 *
 * @throws SkepError BTF_NO_SIZE, BTF_BAD_SIZE, BTF_BAD_MEMBER, BTF_BAD_ID, BTF_CYCLE, BTF_TOO_LARGE
 */
export function valueCodec(btf: Btf, id: number, options: DecodeOptions = {}): ValueCodec {
  let known = codecs.get(btf)
  if (known === undefined) codecs.set(btf, (known = new Map()))
  const key = `${id} ${options.enums ?? "number"}`
  let codec = known.get(key)
  if (codec === undefined) {
    codec = new ValueCodec(shapeOf(btf, id), btf.littleEndian, options)
    known.set(key, codec)
  }
  return codec
}

/** Decodes one value; {@link valueCodec} is for many. */
export function decodeValue(
  btf: Btf,
  id: number,
  bytes: Uint8Array | DataView,
  offset = 0,
  options: DecodeOptions = {},
): BtfValue {
  return valueCodec(btf, id, options).decode(bytes, offset)
}

/** Encodes one value; {@link valueCodec} is for many. */
export function encodeValue(btf: Btf, id: number, value: BtfInput, into?: Uint8Array, offset = 0): Uint8Array {
  return valueCodec(btf, id).encode(value, into, offset)
}

function short(label: string, needed: number, there: string): SkepError {
  return new SkepError({
    code: "BTF_VALUE_SHORT",
    message: `a value of ${label} takes ${needed} bytes, but ${there}`,
    hint: "check that the bytes were made with this type",
  })
}
