import { bitFieldOf } from "../bit-field.ts"
import type { Btf } from "../btf.ts"
import { alignOf, recordAlignment, sizeOf } from "../size.ts"
import type { BtfMember, RecordType } from "../types.ts"

/** A member to be written, or what fills a gap: `long : 64`. */
export type RecordPart =
  | { readonly kind: "member"; readonly member: BtfMember; readonly bitSize: number }
  | { readonly kind: "gap"; readonly text: string }

export interface RecordPlan {
  /** Needs `__attribute__((packed))`. */
  readonly packed: boolean
  readonly parts: readonly RecordPart[]
  /** Gaps that make a union larger than its members: the members of an anonymous struct in it. */
  readonly filler: readonly RecordPart[]
}

/**
 * What to write between the braces of a record so that a C compiler gives its members the offsets they have: where the
 * compiler would place a member too early, unnamed bit-fields (or for a large gap a character array) go in front of it,
 * and where too late, the record is packed. Neither changes the alignment.
 */
export function planRecord(btf: Btf, id: number, record: RecordType): RecordPlan {
  const { packed, align } = recordAlignment(btf, id)
  const parts: RecordPart[] = []
  const sizeInBits = record.size * 8
  let end = 0
  for (const member of record.members) {
    const field = bitFieldOf(btf, member)
    const size = sizeOf(btf, member.type)
    const at = field?.bitOffset ?? member.bitOffset
    if (record.kind === "struct") {
      const unit = packed ? 1 : alignOf(btf, member.type) * 8
      let natural: number
      if (field === undefined) natural = roundUp(end, packed ? 8 : unit)
      else natural = !packed && (end % unit) + field.bitSize > size * 8 ? roundUp(end, unit) : end
      if (natural < at) addGap(parts, end, at)
    }
    parts.push({ kind: "member", member, bitSize: field?.bitSize ?? 0 })
    const after = at + (field?.bitSize ?? size * 8)
    end = record.kind === "struct" ? after : Math.max(end, after)
  }
  const filler: RecordPart[] = []
  if (roundUp(roundUp(end, 8), align * 8) < sizeInBits) {
    if (record.kind === "struct") addGap(parts, end, sizeInBits)
    else addGap(filler, 0, sizeInBits)
  }
  return { packed, parts, filler }
}

/** Bits from which on an array fills a gap. */
const LARGE_GAP = 64 * 64

const UNITS: readonly [bits: number, type: string][] = [
  [64, "long"],
  [32, "int"],
  [16, "short"],
  [8, "char"],
]

/** Fills bits with the largest units that neither cross a boundary of their own nor reach over the end. */
function addGap(parts: RecordPart[], from: number, to: number): void {
  while (from < to) {
    const whole = UNITS.find(([bits]) => from % bits === 0 && from + bits <= to)
    if (whole !== undefined && to - from > LARGE_GAP) {
      const bytes = Math.floor((to - from) / 8)
      parts.push({ kind: "gap", text: `char __gap_${from / 8}[${bytes}]` })
      from += bytes * 8
    } else {
      const bits = whole?.[0] ?? Math.min(8 - (from % 8), to - from)
      parts.push({ kind: "gap", text: `${whole?.[1] ?? "char"} : ${bits}` })
      from += bits
    }
  }
}

function roundUp(value: number, unit: number): number {
  return Math.ceil(value / unit) * unit
}
