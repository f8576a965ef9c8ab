import { SkepError } from "../base/index.ts"
import { type Btf, type BtfInput, type ValueCodec, valueCodec } from "../btf/index.ts"
import type { MapSpec } from "../object/index.ts"

/** How a table's keys or values become bytes, and bytes become them. */
export interface Codec {
  decode(bytes: Uint8Array, offset?: number): unknown
  encode(value: unknown): Uint8Array
}

/** Decodes by the type that the program gave its keys or values; without one, words of 4 and 8 bytes are numbers and all else bytes. */
export function codecOf(map: MapSpec, what: "key" | "value", btf: Btf | undefined): Codec {
  const id = what === "key" ? map.keyType : map.valueType
  const size = what === "key" ? map.keySize : map.valueSize
  if (btf !== undefined && id !== 0) return new TypedCodec(valueCodec(btf, id))
  if (what === "key" && map.type.endsWith("array") && size === 4) return U32
  return new BytesCodec(`a ${what} of table ${map.name}`, size)
}

class TypedCodec implements Codec {
  readonly #codec: ValueCodec

  constructor(codec: ValueCodec) {
    this.#codec = codec
  }

  decode(bytes: Uint8Array, offset = 0): unknown {
    return this.#codec.decode(bytes, offset)
  }

  encode(value: unknown): Uint8Array {
    return this.#codec.encode(value as BtfInput)
  }
}

const U32: Codec = {
  decode: (bytes, offset = 0) => new DataView(bytes.buffer, bytes.byteOffset).getUint32(offset, true),
  encode: value => new Uint8Array(new Uint32Array([Number(value)]).buffer),
}

class BytesCodec implements Codec {
  readonly #what: string
  readonly #size: number

  constructor(what: string, size: number) {
    this.#what = what
    this.#size = size
  }

  decode(bytes: Uint8Array, offset = 0): unknown {
    return bytes.slice(offset, offset + this.#size)
  }

  encode(value: unknown): Uint8Array {
    if (value instanceof Uint8Array) return value
    throw new SkepError({
      code: "BPF_NO_TYPE",
      message: `${this.#what} has no known type: give its ${this.#size} bytes as a Uint8Array`,
      hint: "objects that skep compiles carry their types; others need BTF for their maps",
    })
  }
}
