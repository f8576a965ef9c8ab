import type { Btf, BtfParam, BtfType } from "../../btf/index.ts"
import type { Attribute, Entries } from "./entries.ts"
import { AT, ENCODING, TAG } from "./format.ts"

/**
 * Writes types as entries of DWARF, from BTF. Types are referred to by their BTF id first; {@link TypeEntries.flush} writes those that
 * were, and what they lead to. `void` is the absence of a type, as DWARF has it.
 */
export class TypeEntries {
  readonly #entries: Entries
  readonly #btf: Btf
  readonly #seen = new Set<number>()
  readonly #waiting: number[] = []

  constructor(entries: Entries, btf: Btf) {
    this.#entries = entries
    this.#btf = btf
  }

  /** A `type` attribute, or none for void. */
  typeOf(id: number): Attribute[] {
    let at = id
    // Tags are for the kernel; DWARF has no entry for them.
    for (let type = this.#btf.type(at); type.kind === "type_tag"; type = this.#btf.type(at)) at = type.type
    if (at === 0 || this.#btf.type(at).kind === "void") return []
    if (!this.#seen.has(at)) {
      this.#seen.add(at)
      this.#waiting.push(at)
    }
    return [[AT.type, "ref4", { entry: at }]]
  }

  params(params: readonly BtfParam[], variadic: boolean): void {
    for (const { name, type } of params) {
      this.#entries.add(TAG.formal_parameter, [...named(name), ...this.typeOf(type)])
    }
    if (variadic) this.#entries.add(TAG.unspecified_parameters, [])
  }

  flush(): void {
    for (let id = this.#waiting.pop(); id !== undefined; id = this.#waiting.pop()) {
      this.#entries.define(id)
      this.#write(this.#btf.type(id))
    }
  }

  #write(type: BtfType): void {
    const entries = this.#entries
    const name = named(type.name)
    switch (type.kind) {
      case "int":
        entries.add(TAG.base_type, [...name, [AT.encoding, "data1", encodingOf(type)], size(type.size)])
        break
      case "float":
        entries.add(TAG.base_type, [...name, [AT.encoding, "data1", ENCODING.float], size(type.size)])
        break
      case "ptr":
        entries.add(TAG.pointer_type, [size(8), ...this.typeOf(type.type)])
        break
      case "typedef":
      case "const":
      case "volatile":
      case "restrict":
        entries.add(ALIAS[type.kind], [...name, ...this.typeOf(type.type)])
        break
      case "array":
        entries.add(TAG.array_type, this.typeOf(type.type), true)
        entries.add(TAG.subrange_type, [[AT.count, "udata", type.count]])
        entries.end()
        break
      case "struct":
      case "union":
        if (type.members.length === 0) {
          entries.add(TAG_OF[type.kind], [...name, size(type.size)])
          break
        }
        entries.add(TAG_OF[type.kind], [...name, size(type.size)], true)
        for (const { name: label, type: member, bitOffset, bitSize } of type.members) {
          const place: Attribute[] =
            bitSize === 0
              ? [[AT.data_member_location, "udata", bitOffset / 8]]
              : [
                  [AT.bit_size, "udata", bitSize],
                  [AT.data_bit_offset, "udata", bitOffset],
                ]
          entries.add(TAG.member, [...named(label), ...this.typeOf(member), ...place])
        }
        entries.end()
        break
      case "enum":
      case "enum64":
        entries.add(TAG.enumeration_type, [...name, size(type.size)], true)
        for (const { name: label, value } of type.values) {
          entries.add(TAG.enumerator, [...named(label), [AT.const_value, "sdata", BigInt(value)]])
        }
        entries.end()
        break
      case "func_proto":
        if (type.params.length === 0 && !type.variadic) {
          entries.add(TAG.subroutine_type, [[AT.prototyped, "flag_present", 0], ...this.typeOf(type.type)])
          break
        }
        entries.add(TAG.subroutine_type, [[AT.prototyped, "flag_present", 0], ...this.typeOf(type.type)], true)
        this.params(type.params, type.variadic)
        entries.end()
        break
      default:
        entries.add(type.kind === "fwd" && type.union ? TAG.union_type : TAG.structure_type, [
          ...name,
          [AT.declaration, "flag_present", 0],
        ])
    }
  }
}

const TAG_OF = { struct: TAG.structure_type, union: TAG.union_type } as const

const ALIAS = {
  typedef: TAG.typedef,
  const: TAG.const_type,
  volatile: TAG.volatile_type,
  restrict: TAG.restrict_type,
} as const

export const named = (name: string): Attribute[] => (name === "" ? [] : [[AT.name, "strp", name]])

const size = (bytes: number): Attribute => [AT.byte_size, "udata", bytes]

function encodingOf(type: Extract<BtfType, { readonly kind: "int" }>): number {
  if (type.bool) return ENCODING.boolean
  if (type.char || (type.size === 1 && /\bchar$/.test(type.name))) {
    return type.signed ? ENCODING.signed_char : ENCODING.unsigned_char
  }
  return type.signed ? ENCODING.signed : ENCODING.unsigned
}
