import type { Memory } from "../../vm/index.ts"
import { type Word, wordOf } from "./word.ts"

/** What a field of a tracepoint's record can be set to. */
export type FieldValue = Word | string | Uint8Array | readonly Word[]

interface Field {
  readonly name: string
  readonly offset: number
  readonly size: number
  /** It holds the place of data behind the record: length << 16 | offset. */
  readonly dataLoc: boolean
  /** Bytes of an element, where it is an array of numbers. */
  readonly element: number
}

/** Most bytes of the data behind a record. */
const MOST_DATA = 1024

/** The record of a tracepoint, as its format has it. */
export class RecordFormat {
  /** Bytes without the data behind it. */
  readonly size: number
  readonly fields: readonly Field[]
  readonly #id: number

  constructor(format: string) {
    this.#id = Number(/^ID: (\d+)/m.exec(format)?.[1] ?? 0)
    const lines = format.matchAll(/^\s*field:([^;\n]*);\s*offset:(\d+);\s*size:(\d+)/gm)
    this.fields = [...lines].map(([, declaration, offset, size]) => {
      const dataLoc = /^__(data|rel)_loc\b/.test(declaration)
      const name = /(\w+)\s*(\[[^\]]*\]\s*)*$/.exec(declaration.trim())?.[1] ?? ""
      const count = Number(/\[(\d+)\]\s*$/.exec(declaration)?.[1] ?? 1)
      const element = Math.max(1, Math.floor(Number(size) / Math.max(1, count)))
      return { name, offset: Number(offset), size: Number(size), dataLoc, element }
    })
    this.size = this.fields.reduce((end, { offset, size }) => Math.max(end, offset + size), 8)
  }

  /** Bytes to keep for a record. */
  get room(): number {
    return this.size + MOST_DATA
  }

  /** Writes a record; fields that are not given are 0. */
  write(memory: Memory, at: number, pid: number, values: { readonly [field: string]: FieldValue }): void {
    const { view } = memory
    memory.bytes(at, this.room).fill(0)
    let end = this.size
    for (const { name, offset, size, dataLoc, element } of this.fields) {
      const value = name === "common_type" ? this.#id : name === "common_pid" ? pid : values[name]
      if (value === undefined) continue
      const place = at + offset
      if (dataLoc) {
        const bytes = bytesOf(value).subarray(0, this.room - end)
        memory.bytes(at + end, bytes.length).set(bytes)
        view.setUint32(place, (bytes.length << 16) | end, true)
        end += bytes.length
      } else if (typeof value === "string" || value instanceof Uint8Array) {
        memory.bytes(place, size).set(bytesOf(value).subarray(0, size))
      } else if (isList(value)) {
        for (const [i, word] of value.entries()) {
          if ((i + 1) * element <= size) put(view, place + i * element, element, wordOf(word))
        }
      } else put(view, place, size, wordOf(value))
    }
  }
}

const isList = (value: FieldValue): value is readonly Word[] => Array.isArray(value)

function put(view: DataView, at: number, size: number, value: bigint): void {
  for (let i = 0; i < Math.min(size, 8); i++) view.setUint8(at + i, Number((value >> BigInt(8 * i)) & 0xffn))
}

function bytesOf(value: FieldValue): Uint8Array {
  if (value instanceof Uint8Array) return value
  if (typeof value === "string") return encoder.encode(`${value}\0`)
  return new Uint8Array()
}

const encoder = new TextEncoder()
