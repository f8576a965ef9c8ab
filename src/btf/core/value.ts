import type { Btf } from "../btf.ts"
import { badBtf } from "../error.ts"
import type { CoreKind } from "../ext.ts"
import { sizeOf } from "../size.ts"
import { isRecord } from "../types.ts"
import { type CoreSpec, isEnum } from "./spec.ts"

/** What a relocation comes to with one of the two sets of types. */
export interface CoreAnswer {
  readonly value: bigint
  /** Compilers and loaders agree about the value: that of the program's own types must stand in the instruction. */
  readonly certain: boolean
  /** Bytes of a field at a byte offset, 0 where that is not known, and the id of its type. */
  readonly size: number
  readonly type: number
}

const answer = (value: bigint | number, certain = true, size = 0, type = 0): CoreAnswer => ({
  value: BigInt(value),
  certain,
  size,
  type,
})

/** The value of a relocation for something that is there; undefined when `spec` is, and nothing stands for that. */
export function coreValue(kind: CoreKind, spec: CoreSpec | undefined): CoreAnswer | undefined {
  switch (kind) {
    case "field_exists":
    case "enum_value_exists":
    case "type_exists":
    case "type_matches":
      return answer(spec === undefined ? 0 : 1)
    case "type_id_local":
    case "type_id_target":
      return answer(spec?.root ?? 0, spec === undefined)
    case "type_size":
      return answer(spec === undefined ? 0 : sizeOf(spec.btf, spec.root))
    case "enum_value":
      return spec === undefined ? undefined : answer(enumValue(spec))
    default:
      return spec === undefined ? undefined : fieldValue(kind, spec)
  }
}

function enumValue({ btf, root, enumerator }: CoreSpec): bigint {
  const type = btf.resolved(root)
  return isEnum(type) ? BigInt(type.values[enumerator as number].value) : 0n
}

type FieldKind = Extract<CoreKind, `field_${string}`>

/**
 * A field's place. A bit-field is read as the smallest integer that holds all of it, from where such an integer is
 * aligned: first one of its declared type's size, then ever larger ones. Shifting left by `lshift` and right by
 * `rshift` in 64 bits leaves its value.
 *
 *     bit     8        16       24       32
 *             |  . bbbb|bbbbb . |        |      u32 b : 9 at bit 11: 4 bytes at 0, lshift 64 - 20, rshift 64 - 9
 */
function fieldValue(kind: FieldKind, { btf, steps, bitOffset }: CoreSpec): CoreAnswer {
  const last = steps[steps.length - 1]
  const record = btf.type(last.type)
  if (last.name === undefined || !isRecord(record)) {
    const size = sizeOf(btf, last.type)
    if (kind === "field_byte_offset") return answer(bitOffset / 8, true, size, last.type)
    if (kind === "field_byte_size") return answer(size)
    throw badBtf("CORE_ACCESS", "a CO-RE relocation asks for the sign or the bits of an array's element")
  }
  const member = record.members[last.index]
  const type = btf.resolved(member.type)
  if (kind === "field_signed") {
    return answer((isEnum(type) || type.kind === "int") && type.signed ? 1 : 0)
  }
  let bytes = sizeOf(btf, member.type)
  const bits = member.bitSize || bytes * 8
  const unit = (size: number): number => Math.floor(bitOffset / 8 / size) * size
  let start = bitOffset / 8
  if (member.bitSize > 0) {
    for (start = unit(bytes); bitOffset + bits - start * 8 > bytes * 8; start = unit(bytes)) {
      if (bytes >= 8) {
        throw badBtf("CORE_BIT_FIELD", `the bit-field ${record.name}.${member.name} does not fit a 64-bit load`)
      }
      bytes *= 2
    }
  }
  const plain = member.bitSize === 0
  switch (kind) {
    case "field_byte_offset":
      return plain ? answer(start, true, elementSize(btf, member.type), btf.resolve(member.type)) : answer(start, false)
    case "field_byte_size":
      return answer(bytes, plain)
    case "field_lshift_u64":
      return answer(64 - (bitOffset + bits - start * 8), plain)
    case "field_rshift_u64":
      return answer(64 - bits)
    default:
      return answer(1)
  }
}

/** Bytes of an element of an array, of an array of arrays and so on; of another type as it is. */
function elementSize(btf: Btf, id: number): number {
  let type = btf.resolved(id)
  while (type.kind === "array") {
    id = type.type
    type = btf.resolved(id)
  }
  return sizeOf(btf, id)
}
