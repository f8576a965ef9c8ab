import { SkepError } from "../base/index.ts"
import type { Btf } from "./btf.ts"
import {
  BTF_HEADER_SIZE,
  BTF_INT_BOOL,
  BTF_INT_CHAR,
  BTF_INT_SIGNED,
  BTF_KIND,
  BTF_LINKAGES,
  BTF_MAGIC,
  BTF_MAX_VLEN,
  BTF_VERSION,
  type BtfKind,
  type BtfLinkage,
} from "./format.ts"
import { StringBuilder } from "./string-builder.ts"
import type { BtfEnumerator, BtfParam, BtfSectionVar } from "./types.ts"

/** A member to be written; `bitSize` of a plain member is 0 or left out. */
export interface BtfMemberInput {
  readonly name: string
  readonly type: number
  readonly bitOffset: number
  readonly bitSize?: number
}

/** A type to be written: what the reader decodes, with what goes without saying left out. */
export type BtfTypeInput =
  | {
      readonly kind: "int"
      readonly name: string
      readonly size: number
      /** `size * 8` when left out. */
      readonly bits?: number
      readonly bitOffset?: number
      readonly signed?: boolean
      readonly char?: boolean
      readonly bool?: boolean
    }
  | { readonly kind: "ptr" | "const" | "volatile" | "restrict"; readonly type: number }
  | { readonly kind: "typedef"; readonly name: string; readonly type: number }
  | { readonly kind: "type_tag"; readonly name: string; readonly type: number; readonly attribute?: boolean }
  | { readonly kind: "array"; readonly type: number; readonly indexType: number; readonly count: number }
  | {
      readonly kind: "struct" | "union"
      readonly name: string
      readonly size: number
      readonly members: readonly BtfMemberInput[]
    }
  | {
      readonly kind: "enum" | "enum64"
      readonly name: string
      readonly size: number
      readonly signed?: boolean
      readonly values: readonly BtfEnumerator[]
    }
  | { readonly kind: "fwd"; readonly name: string; readonly union?: boolean }
  | { readonly kind: "func"; readonly name: string; readonly type: number; readonly linkage: BtfLinkage }
  | {
      readonly kind: "func_proto"
      readonly type: number
      readonly params: readonly BtfParam[]
      readonly variadic?: boolean
    }
  | { readonly kind: "var"; readonly name: string; readonly type: number; readonly linkage: BtfLinkage }
  | {
      readonly kind: "datasec"
      readonly name: string
      readonly size: number
      readonly vars: readonly BtfSectionVar[]
    }
  | { readonly kind: "float"; readonly name: string; readonly size: number }
  | {
      readonly kind: "decl_tag"
      readonly name: string
      readonly type: number
      readonly component: number
      readonly attribute?: boolean
    }

export interface BtfBuilderOptions {
  /** The BTF that the new one continues: ids and string offsets go on where it ends. */
  readonly base?: Btf
}

/**
 * Writes a .BTF section. A type that was added before, word for word, is not written again, and neither is a string.
 *
 *     const b = new BtfBuilder()
 *     const int = b.add({ kind: "int", name: "int", size: 4, signed: true })
 *     const node = b.reserve()
 *     const next = b.add({ kind: "ptr", type: node })
 *     b.define(node, { kind: "struct", name: "node", size: 16, members: [
 *       { name: "value", type: int, bitOffset: 0 }, { name: "next", type: next, bitOffset: 64 } ] })
 *     const bytes = b.encode()
 */
export class BtfBuilder {
  readonly #base: Btf | undefined
  readonly #firstId: number
  readonly #strings: StringBuilder
  /** Words of the types by id minus the first id; undefined for one that is reserved only. */
  readonly #types: (readonly number[] | undefined)[] = []
  readonly #known = new Map<string, number>()

  constructor(options: BtfBuilderOptions = {}) {
    this.#base = options.base
    this.#firstId = options.base?.count ?? 1
    this.#strings = new StringBuilder(options.base?.endOfStrings ?? 1)
  }

  /** Id the next new type gets. */
  get nextId(): number {
    return this.#firstId + this.#types.length
  }

  /** Offset of a string in the string section, which it is added to when it is new. @throws SkepError BTF_BAD_NAME */
  string(text: string): number {
    return this.#strings.add(text)
  }

  /** Id of a type, which is added when no equal one is there. @throws SkepError BTF_BAD_NAME, BTF_RANGE */
  add(type: BtfTypeInput): number {
    const words = this.#encode(type)
    const key = words.join()
    const known = this.#known.get(key)
    if (known !== undefined) return known
    const id = this.nextId
    this.#types.push(words)
    this.#known.set(key, id)
    return id
  }

  /** An id for a type that is given later with `define`: for records that point to themselves. */
  reserve(): number {
    const id = this.nextId
    this.#types.push(undefined)
    return id
  }

  /** Gives a reserved id its type. @throws SkepError BTF_NOT_RESERVED, BTF_BAD_NAME, BTF_RANGE */
  define(id: number, type: BtfTypeInput): void {
    const index = id - this.#firstId
    if (!(index in this.#types) || this.#types[index] !== undefined) {
      throw new SkepError({
        code: "BTF_NOT_RESERVED",
        message: `BTF type ${id} was not reserved, or has been defined already`,
        hint: "define() takes an id that reserve() gave, once",
      })
    }
    const words = this.#encode(type)
    this.#types[index] = words
    const key = words.join()
    if (!this.#known.has(key)) this.#known.set(key, id)
  }

  /** The section's bytes. @throws SkepError BTF_UNDEFINED when a reserved type was never defined */
  encode(littleEndian = true): Uint8Array {
    let count = 0
    for (const [index, words] of this.#types.entries()) {
      if (words === undefined) {
        throw new SkepError({
          code: "BTF_UNDEFINED",
          message: `BTF type ${this.#firstId + index} was reserved and never defined`,
          hint: "call define() for every id that reserve() gave",
        })
      }
      count += words.length
    }
    const types = new Uint8Array(count * 4)
    const view = new DataView(types.buffer)
    let at = 0
    for (const words of this.#types) {
      for (const word of words!) {
        view.setUint32(at, word, littleEndian)
        at += 4
      }
    }
    const own = this.#strings.bytes()
    // The first string of a section without a base is the empty one.
    const strings = this.#base === undefined ? concat(Uint8Array.of(0), own) : own
    return joinSections(types, strings, littleEndian)
  }

  #encode(type: BtfTypeInput): number[] {
    switch (type.kind) {
      case "int": {
        const { size, bits = size * 8, bitOffset = 0 } = type
        const encoding =
          (type.signed ? BTF_INT_SIGNED : 0) | (type.char ? BTF_INT_CHAR : 0) | (type.bool ? BTF_INT_BOOL : 0)
        return this.#header(type.kind, type.name, size, [(encoding << 24) | (bitOffset << 16) | bits])
      }
      case "ptr":
      case "const":
      case "volatile":
      case "restrict":
        return this.#header(type.kind, "", type.type)
      case "typedef":
        return this.#header(type.kind, type.name, type.type)
      case "type_tag":
        return this.#header(type.kind, type.name, type.type, [], 0, type.attribute)
      case "array":
        return this.#header(type.kind, "", 0, [type.type, type.indexType, type.count])
      case "struct":
      case "union": {
        const bitFields = type.members.some(m => (m.bitSize ?? 0) !== 0)
        const words: number[] = []
        for (const m of type.members) {
          check(m.name, "bit offset", m.bitOffset, bitFields ? 0xffffff : 0xffffffff)
          check(m.name, "bit-field width", m.bitSize ?? 0, 0xff)
          words.push(this.string(m.name), m.type, (bitFields ? (m.bitSize ?? 0) << 24 : 0) | m.bitOffset)
        }
        return this.#header(type.kind, type.name, type.size, words, type.members.length, bitFields)
      }
      case "enum": {
        const words = type.values.flatMap(v => [this.string(v.name), Number(BigInt.asUintN(32, BigInt(v.value)))])
        return this.#header(type.kind, type.name, type.size, words, type.values.length, type.signed)
      }
      case "enum64": {
        const words = type.values.flatMap(v => {
          const value = BigInt(v.value)
          return [this.string(v.name), Number(BigInt.asUintN(32, value)), Number(BigInt.asUintN(32, value >> 32n))]
        })
        return this.#header(type.kind, type.name, type.size, words, type.values.length, type.signed)
      }
      case "fwd":
        return this.#header(type.kind, type.name, 0, [], 0, type.union)
      case "func":
        return this.#header(type.kind, type.name, type.type, [], BTF_LINKAGES.indexOf(type.linkage))
      case "func_proto": {
        const words = type.params.flatMap(p => [this.string(p.name), p.type])
        if (type.variadic) words.push(0, 0)
        return this.#header(type.kind, "", type.type, words, words.length / 2)
      }
      case "var":
        return this.#header(type.kind, type.name, type.type, [BTF_LINKAGES.indexOf(type.linkage)])
      case "datasec": {
        const words = type.vars.flatMap(v => [v.type, v.offset, v.size])
        return this.#header(type.kind, type.name, type.size, words, type.vars.length)
      }
      case "float":
        return this.#header(type.kind, type.name, type.size)
      case "decl_tag":
        return this.#header(type.kind, type.name, type.type, [type.component >>> 0], 0, type.attribute)
    }
  }

  /** name_off, info, size or type, and the words of the kind. */
  #header(
    kind: BtfKind,
    name: string,
    sizeOrType: number,
    extra: readonly number[] = [],
    vlen = 0,
    flag: boolean | undefined = false,
  ): number[] {
    check(name, "number of parts", vlen, BTF_MAX_VLEN)
    check(name, "size", sizeOrType, 0xffffffff)
    const info = ((flag ? 0x80000000 : 0) | (BTF_KIND[kind] << 24) | vlen) >>> 0
    const words = [this.string(name), info, sizeOrType]
    for (const word of extra) words.push(word >>> 0)
    return words
  }
}

function check(name: string, what: string, value: number, most: number): void {
  if (Number.isInteger(value) && value >= 0 && value <= most) return
  throw new SkepError({
    code: "BTF_RANGE",
    message: `${what} of ${name === "" ? "an unnamed type" : `"${name}"`} is ${value}, but BTF holds 0 to ${most}`,
    hint: "split the type into smaller ones",
  })
}

/** A .BTF section of its two parts. */
export function joinSections(types: Uint8Array, strings: Uint8Array, littleEndian: boolean): Uint8Array {
  const out = new Uint8Array(BTF_HEADER_SIZE + types.length + strings.length)
  const view = new DataView(out.buffer)
  view.setUint16(0, BTF_MAGIC, littleEndian)
  out[2] = BTF_VERSION
  view.setUint32(4, BTF_HEADER_SIZE, littleEndian)
  view.setUint32(8, 0, littleEndian)
  view.setUint32(12, types.length, littleEndian)
  view.setUint32(16, types.length, littleEndian)
  view.setUint32(20, strings.length, littleEndian)
  out.set(types, BTF_HEADER_SIZE)
  out.set(strings, BTF_HEADER_SIZE + types.length)
  return out
}

export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    out.set(part, at)
    at += part.length
  }
  return out
}
