import type { CoreKind } from "../../btf/index.ts"
import * as c from "../../c/index.ts"

/**
 * What the program's own types say of a field, as CO-RE asks it. The bits of a bit-field are those of the smallest aligned unit that holds them
 * all; a load of that unit, shifted left and then right, gives its value.
 */
export function fieldFacts(
  type: c.Type,
  offset: number,
  field: c.Field | undefined,
): Partial<Record<CoreKind, bigint>> {
  const size = c.sizeOf(type) ?? 0
  let unit = size
  let start = offset
  let bit = offset * 8
  let bits = size * 8
  if (field?.bitWidth !== undefined) {
    bit = offset * 8 + (field.bitOffset ?? 0)
    bits = field.bitWidth
    start = Math.floor(bit / 8 / unit) * unit
    while (bit + bits - start * 8 > unit * 8 && unit < 8) {
      unit *= 2
      start = Math.floor(bit / 8 / unit) * unit
    }
  }
  const t = c.canonical(type)
  const signed = t.kind === "int" ? t.signed : t.kind === "enum" && t.decl.underlying.signed
  return {
    field_byte_offset: BigInt(start),
    field_byte_size: BigInt(unit),
    field_exists: 1n,
    field_signed: signed ? 1n : 0n,
    field_lshift_u64: BigInt(64 - (bit + bits - start * 8)),
    field_rshift_u64: BigInt(64 - bits),
  }
}
