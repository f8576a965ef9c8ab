import { type LayoutField, layoutRecord as place, type RecordAttributes } from "../../btf/index.ts"
import type { Field, RecordDecl, Type } from "../types.ts"
import { alignOf, sizeOf } from "./typeops.ts"

/** A member before its place is known. */
export interface MemberSpec {
  readonly name: string | undefined
  readonly type: Type
  readonly bitWidth?: number
  /** Bytes, from `aligned` or `_Alignas`. */
  readonly align?: number
  /** `__attribute__((packed))` on the member itself. */
  readonly packed?: boolean
  /** `btf_decl_tag` of it. */
  readonly tags?: readonly string[]
}

export interface Layout {
  readonly fields: Field[]
  /** Bytes. */
  readonly size: number
  /** Bytes. */
  readonly align: number
}

/** Places the members of a record of the program; zero-width bit-fields leave no field behind. */
export function layoutRecord(record: RecordDecl, members: readonly MemberSpec[], options: RecordAttributes): Layout {
  const specs = members.map(
    ({ name, type, bitWidth, align, packed }): LayoutField => ({
      size: sizeOf(type) ?? 0,
      align: alignOf(type),
      bitWidth,
      unnamed: bitWidth !== undefined && name === undefined,
      packed,
      alignedTo: align,
    }),
  )
  const layout = place(specs, options)
  const fields: Field[] = []
  for (const [i, { name, type, bitWidth, tags }] of members.entries()) {
    const bit = layout.bitOffsets[i]
    const common = { record, name, type, index: fields.length, ...(tags && { tags }) }
    if (bitWidth === undefined) fields.push({ ...common, offset: bit / 8 })
    else if (bitWidth > 0) fields.push({ ...common, ...storageUnit(bit, bitWidth, specs[i].size), bitWidth })
  }
  return { fields, size: layout.size, align: layout.align }
}

/**
 * The storage unit of a bit-field that starts at a bit of its record: the unit of its type's size (bytes) on a multiple of that size; where
 * packing makes the bit-field cross such a unit, the unit starts at the byte where the bit-field does (and may still be too short for it).
 */
export function storageUnit(bit: number, width: number, size: number): { offset: number; bitOffset: number } {
  const unit = size * 8
  let start = Math.floor(bit / unit) * unit
  if (bit + width > start + unit) start = Math.floor(bit / 8) * 8
  return { offset: start / 8, bitOffset: bit - start }
}
