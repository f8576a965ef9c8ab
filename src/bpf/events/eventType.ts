import { didYouMean, SkepError } from "../../base/index.ts"
import { type Btf, findMember, isRecord, type ValueCodec, valueCodec } from "../../btf/index.ts"
import type { MapSpec } from "../../object/index.ts"

/** A member of an event's type: where it is, and how to read it. */
export interface EventField {
  /** Bytes from the record's start. */
  readonly offset: number
  readonly size: number
  /** How a typed array holds it; undefined for what is no plain integer. */
  readonly number: NumberKind | undefined
  readonly read: (view: DataView, at: number, end: number) => unknown
}

export type NumberKind = "u8" | "s8" | "u16" | "s16" | "u32" | "s32" | "u64" | "s64"

/** The type of a stream's records. */
export class EventType {
  readonly name: string
  readonly codec: ValueCodec
  readonly #btf: Btf
  readonly #id: number
  readonly #fields = new Map<string, EventField>()

  constructor(btf: Btf, id: number) {
    this.#btf = btf
    this.#id = id
    this.name = btf.name(btf.resolve(id))
    this.codec = valueCodec(btf, id)
  }

  /** Names of the members that have one, those of anonymous members left out. */
  get names(): string[] {
    const record = this.#btf.resolved(this.#id)
    return isRecord(record) ? record.members.map(m => m.name).filter(name => name !== "") : []
  }

  /** A member by its name. @throws SkepError BPF_NO_FIELD */
  field(name: string): EventField {
    let field = this.#fields.get(name)
    if (field === undefined) this.#fields.set(name, (field = this.#makeField(name)))
    return field
  }

  #makeField(name: string): EventField {
    const btf = this.#btf
    const member = findMember(btf, this.#id, name)
    if (member === undefined) {
      throw new SkepError({
        code: "BPF_NO_FIELD",
        message: `events of struct ${this.name} have no member '${name}'${didYouMean(name, this.names)}`,
        hint: `its members: ${this.names.join(", ")}`,
      })
    }
    if (member.bitSize !== 0 || member.bitOffset % 8 !== 0) {
      // A bit-field: read with the whole record.
      const { codec } = this
      const read = (view: DataView, at: number, end: number) =>
        (codec.decode(view, at, end) as Readonly<Record<string, unknown>>)[name]
      return { offset: 0, size: codec.size, number: undefined, read }
    }
    const codec = valueCodec(btf, member.type)
    const offset = member.bitOffset / 8
    const number = numberKind(btf, member.type)
    const read =
      number === undefined
        ? (view: DataView, at: number, end: number) => codec.decode(view, at + offset, Math.max(end, at + offset))
        : numberReader(number, offset)
    return { offset, size: codec.size, number, read }
  }
}

function numberKind(btf: Btf, id: number): NumberKind | undefined {
  const type = btf.resolved(id)
  if (!btf.littleEndian) return undefined
  if (type.kind === "ptr") return "u64"
  const plain = type.kind === "int" ? !type.bool && type.bits === type.size * 8 : type.kind === "enum"
  if (!plain || !("size" in type) || type.size > 8) return undefined
  return `${"signed" in type && type.signed ? "s" : "u"}${type.size * 8}` as NumberKind
}

function numberReader(kind: NumberKind, offset: number): (view: DataView, at: number) => number | bigint {
  switch (kind) {
    case "u8":
      return (view, at) => view.getUint8(at + offset)
    case "s8":
      return (view, at) => view.getInt8(at + offset)
    case "u16":
      return (view, at) => view.getUint16(at + offset, true)
    case "s16":
      return (view, at) => view.getInt16(at + offset, true)
    case "u32":
      return (view, at) => view.getUint32(at + offset, true)
    case "s32":
      return (view, at) => view.getInt32(at + offset, true)
    case "u64":
      return (view, at) => view.getBigUint64(at + offset, true)
    case "s64":
      return (view, at) => view.getBigInt64(at + offset, true)
  }
}

/**
 * The type of a stream's records: the one given by name (`struct event`, or `event`), or the one the compiler saw submitted; undefined where
 * there is none.
 * @throws SkepError BPF_NO_EVENT_TYPE when the name given is of no type of the program
 */
export function eventTypeOf(map: MapSpec, btf: Btf | undefined, given: string | undefined): EventType | undefined {
  if (given === undefined) {
    return btf === undefined || map.eventType === undefined ? undefined : new EventType(btf, map.eventType)
  }
  return new EventType(btf as Btf, namedType(btf, given))
}

/** BTF id of a type of the program: `struct event`, or `event`. @throws SkepError BPF_NO_EVENT_TYPE */
export function namedType(btf: Btf | undefined, given: string): number {
  const name = given.replace(/^(struct|union)\s+/, "").trim()
  const id = btf?.findAll(name, "struct", "union", "typedef")[0]
  if (id === undefined) {
    throw new SkepError({
      code: "BPF_NO_EVENT_TYPE",
      message: `the program's type information has no type '${given}'`,
      why: "it holds the types of maps, of global variables and of functions' parameters, and those that are submitted as events",
      hint: `define a variable of it (struct ${name} unused_${name} = {};), or read the records as bytes: { raw: true }`,
    })
  }
  return id
}
