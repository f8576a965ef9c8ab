/**
 * The layout of structs and unions in C for BPF and x86-64 Linux (System V, LP64, little endian), as clang and gcc have
 * it. Both the compiler (for a program's own types) and the C printer lay records out with this one function.
 */

/** A member to be placed. Sizes and alignments are those of its type, in bytes. */
export interface LayoutField {
  /** 0 for a flexible array or an empty record. */
  readonly size: number
  /** Power of two. */
  readonly align: number
  /** Width of a bit-field; 0 is a zero-width one. Leave it out for other members. */
  readonly bitWidth?: number
  /** A bit-field without a name: it takes its place but does not raise the record's alignment. */
  readonly unnamed?: boolean
  /** `__attribute__((packed))` on the member. */
  readonly packed?: boolean
  /** `__attribute__((aligned(n)))` on the member. */
  readonly alignedTo?: number
}

export interface RecordAttributes {
  /** A union: every member starts at 0. */
  readonly union?: boolean
  /** `__attribute__((packed))` on the record: on all its members. */
  readonly packed?: boolean
  /** `__attribute__((aligned(n)))` on the record. */
  readonly alignedTo?: number
  /** `#pragma pack(n)`: no member is aligned to more than n bytes. */
  readonly pack?: number
}

export interface RecordLayout {
  /** Bytes; a multiple of `align`. */
  readonly size: number
  /** Bytes. */
  readonly align: number
  /** Start of each field in bits, in the order of the fields. */
  readonly bitOffsets: readonly number[]
}

/**
 * Places the members of a record.
 *
 * - A plain member starts at the next multiple of its alignment: that of its type, 1 when packed, at most `pack`, at
 *   least `alignedTo`.
 * - A bit-field starts at the next bit, but where it would then touch more units of its type than it must, it starts at
 *   the next unit. Packed ones (and all under `pack`) start at the next bit whatever happens.
 * - A zero-width bit-field moves the next member to a unit of its type, even in a packed record.
 * - The record is aligned like its most aligned member (unnamed bit-fields do not count), and its size is rounded up.
 */
export function layoutRecord(fields: readonly LayoutField[], attributes: RecordAttributes = {}): RecordLayout {
  const { union = false, pack = 0 } = attributes
  const bitOffsets: number[] = new Array(fields.length)
  let align = Math.max(1, attributes.alignedTo ?? 1)
  let end = 0
  let largest = 0
  for (let i = 0; i < fields.length; i++) {
    const field = fields[i]
    const packed = field.packed === true || attributes.packed === true
    const wanted = memberAlign(field, packed, pack)
    let at = union ? 0 : end
    let bits: number
    if (field.bitWidth === undefined) {
      bits = field.size * 8
      at = roundUp(at, wanted * 8)
      align = Math.max(align, wanted)
    } else if (field.bitWidth === 0) {
      bits = 0
      at = roundUp(at, Math.max(field.align, field.alignedTo ?? 1) * 8)
    } else {
      bits = field.bitWidth
      at = roundUp(at, atMost(field.alignedTo ?? 0, pack) * 8 || 1)
      const unit = field.align * 8
      if (!packed && pack === 0 && (at % unit) + bits > field.size * 8) at = roundUp(at, unit)
      // Under `pack` the attribute packs the other members only.
      if (field.unnamed !== true) align = Math.max(align, pack > 0 ? memberAlign(field, false, pack) : wanted)
    }
    bitOffsets[i] = at
    end = at + bits
    largest = Math.max(largest, end)
  }
  return { size: roundUp(Math.ceil(largest / 8), align), align, bitOffsets }
}

/** Alignment a member asks of its record, in bytes. */
function memberAlign(field: LayoutField, packed: boolean, pack: number): number {
  let align = packed ? 1 : field.align
  if (field.alignedTo !== undefined) align = Math.max(align, field.alignedTo)
  return atMost(align, pack)
}

const atMost = (align: number, pack: number): number => (pack > 0 ? Math.min(align, pack) : align)

function roundUp(value: number, unit: number): number {
  return unit <= 1 ? value : Math.ceil(value / unit) * unit
}
