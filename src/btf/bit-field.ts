import type { Btf } from "./btf.ts"
import type { BtfMember } from "./types.ts"

/** Place and width of a bit-field in its record, in bits. */
export interface BitField {
  readonly bitOffset: number
  /** Not 0. */
  readonly bitSize: number
}

/**
 * A member as a bit-field; undefined when it is none. Before Linux 5.0 and in old object files the width stands in an
 * integer type of the member's own.
 */
export function bitFieldOf(btf: Btf, member: BtfMember): BitField | undefined {
  if (member.bitSize !== 0) return member
  const type = btf.resolved(member.type)
  if (type.kind !== "int" || type.bool || type.bits === 0) return undefined
  if (type.bitOffset === 0 && type.bits === type.size * 8) return undefined
  return { bitOffset: member.bitOffset + type.bitOffset, bitSize: type.bits }
}
