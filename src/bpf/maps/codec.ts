import { SkepError } from "../../base/index.ts"
import { type Btf, type BtfInput, CharColumn, type Column, type ValueCodec, valueCodec } from "../../btf/index.ts"
import type { MapSpec } from "../../object/index.ts"

/** How a table's keys or values become bytes, and bytes become them. */
export interface Codec {
  /** Bytes of one. */
  readonly size: number
  decode(bytes: Uint8Array, offset?: number): unknown
  /** Decodes value i of those that lie `stride` bytes apart. */
  reader(bytes: Uint8Array, count: number, stride: number): (index: number) => unknown
  columns(bytes: Uint8Array, count: number, stride: number, offset?: number): Column
  encode(value: unknown): Uint8Array
}

/** Decodes by the type that the program gave its keys or values; without one, indexes are numbers and all else bytes. */
export function codecOf(map: MapSpec, what: "key" | "value", btf: Btf | undefined): Codec {
  const id = what === "key" ? map.keyType : map.valueType
  const size = what === "key" ? map.keySize : map.valueSize
  if (btf !== undefined && id !== 0) return new TypedCodec(valueCodec(btf, id))
  if (what === "key" && map.type.endsWith("array") && size === 4) return U32
  return new BytesCodec(`a ${what} of table ${map.name}`, size)
}

class TypedCodec implements Codec {
  readonly size: number
  readonly #codec: ValueCodec

  constructor(codec: ValueCodec) {
    this.#codec = codec
    this.size = codec.size
  }

  decode(bytes: Uint8Array, offset = 0): unknown {
    return this.#codec.decode(bytes, offset)
  }

  reader(bytes: Uint8Array, count: number, stride: number): (index: number) => unknown {
    return this.#codec.reader(bytes, count, stride)
  }

  columns(bytes: Uint8Array, count: number, stride: number, offset = 0): Column {
    return this.#codec.columns(bytes, count, stride, offset)
  }

  encode(value: unknown): Uint8Array {
    return this.#codec.encode(value as BtfInput)
  }
}

/** Numbers of 32 bits: indexes, descriptors, ids. */
export const U32: Codec = {
  size: 4,
  decode: (bytes, offset = 0) => new DataView(bytes.buffer, bytes.byteOffset).getUint32(offset, true),
  reader(bytes, _count, stride) {
    const view = new DataView(bytes.buffer, bytes.byteOffset)
    return index => view.getUint32(index * stride, true)
  },
  columns(bytes, count, stride, offset = 0) {
    const view = new DataView(bytes.buffer, bytes.byteOffset)
    return Uint32Array.from({ length: count }, (_, i) => view.getUint32(offset + i * stride, true))
  },
  encode(value) {
    const number = Number(value)
    if (!Number.isInteger(number) || number < 0 || number > 0xffff_ffff) {
      throw new SkepError({
        code: "BPF_INDEX",
        message: `${String(value)} is no index of an array, and no descriptor`,
        hint: "both are whole numbers from 0 on",
      })
    }
    return new Uint8Array(Uint32Array.of(number).buffer)
  },
}

class BytesCodec implements Codec {
  readonly size: number
  readonly #what: string

  constructor(what: string, size: number) {
    this.#what = what
    this.size = size
  }

  decode(bytes: Uint8Array, offset = 0): unknown {
    return bytes.slice(offset, offset + this.size)
  }

  reader(bytes: Uint8Array, _count: number, stride: number): (index: number) => unknown {
    return index => this.decode(bytes, index * stride)
  }

  columns(bytes: Uint8Array, count: number, stride: number, offset = 0): Column {
    const packed = new Uint8Array(count * this.size)
    for (let i = 0; i < count; i++) {
      const at = offset + i * stride
      packed.set(bytes.subarray(at, at + this.size), i * this.size)
    }
    return new CharColumn(packed, this.size, count)
  }

  encode(value: unknown): Uint8Array {
    if (value instanceof Uint8Array) return value
    throw new SkepError({
      code: "BPF_NO_TYPE",
      message: `${this.#what} has no known type: give its ${this.size} bytes as a Uint8Array`,
      hint: "objects that skep compiles carry their types; others need BTF for their maps",
    })
  }
}
