import { SkepError } from "../base/index.ts"
import { bitFieldOf } from "./bit-field.ts"
import type { Btf } from "./btf.ts"
import { badBtf } from "./error.ts"
import type { RecordType } from "./types.ts"

/** Size and alignment of a pointer in BPF, in bytes. */
export const POINTER_SIZE = 8

/** Deepest nesting of arrays and records that is followed. */
const MAX_DEPTH = 128

/**
 * Bytes of a value of a type; 0 for a flexible array.
 * @throws SkepError BTF_NO_SIZE for void, functions and forward declarations; BTF_BAD_ID, BTF_CYCLE
 */
export function sizeOf(btf: Btf, id: number): number {
  let count = 1
  for (let depth = 0; depth < MAX_DEPTH; depth++) {
    const type = btf.resolved(id)
    switch (type.kind) {
      case "int":
      case "float":
      case "enum":
      case "enum64":
      case "struct":
      case "union":
      case "datasec":
        return count * type.size
      case "ptr":
        return count * POINTER_SIZE
      case "array":
        count *= type.count
        id = type.type
        break
      case "var":
        id = type.type
        break
      default:
        throw new SkepError({
          code: "BTF_NO_SIZE",
          message: `BTF type ${id} (${type.kind}${type.name === "" ? "" : ` ${type.name}`}) has no size`,
          hint:
            type.kind === "fwd" ? "look the complete type up by its name" : "take a pointer to it, or a complete type",
        })
    }
  }
  throw badBtf("BTF_CYCLE", `BTF type ${id} is an array nested deeper than ${MAX_DEPTH}`)
}

/** What the members of a record say about its alignment. */
export interface RecordAlignment {
  /** Bytes: that of the most aligned member, or 1 when packed. */
  readonly align: number
  /** Some member is less aligned than its type, or the size is no multiple of the alignment. */
  readonly packed: boolean
}

const alignments = new WeakMap<Btf, Map<number, RecordAlignment>>()

/**
 * Alignment of a type in bytes. BTF does not hold alignments: those of records follow from their members, so an
 * `aligned` attribute that left no trace in the offsets is not seen.
 * @throws SkepError as `sizeOf` does
 */
export function alignOf(btf: Btf, id: number): number {
  return typeAlign(btf, id, 0)
}

/** Alignment of a struct or union, and whether it is packed. @throws SkepError as `sizeOf` does */
export function recordAlignment(btf: Btf, id: number): RecordAlignment {
  return recordAlign(btf, id, 0)
}

function typeAlign(btf: Btf, id: number, depth: number): number {
  const resolved = btf.resolve(id)
  const type = btf.type(resolved)
  switch (type.kind) {
    case "struct":
    case "union":
      return recordAlign(btf, resolved, depth).align
    case "array":
    case "var":
      if (depth > MAX_DEPTH) throw badBtf("BTF_CYCLE", `BTF type ${id} is nested deeper than ${MAX_DEPTH}`)
      return typeAlign(btf, type.type, depth + 1)
    case "datasec":
      return POINTER_SIZE
    default:
      return scalarAlign(sizeOf(btf, resolved))
  }
}

/** The power of two that a scalar of `size` bytes is aligned to: 16 for the 12 or 16 bytes of `long double`. */
function scalarAlign(size: number): number {
  let align = 1
  while (align < size && align < 16) align *= 2
  return align
}

function recordAlign(btf: Btf, id: number, depth: number): RecordAlignment {
  let known = alignments.get(btf)
  if (known === undefined) alignments.set(btf, (known = new Map()))
  const found = known.get(id)
  if (found !== undefined) return found
  if (depth > MAX_DEPTH) throw badBtf("BTF_CYCLE", `BTF type ${id} is nested deeper than ${MAX_DEPTH}`)
  const computed = computeAlignment(btf, btf.type(id) as RecordType, depth)
  known.set(id, computed)
  return computed
}

function computeAlignment(btf: Btf, record: RecordType, depth: number): RecordAlignment {
  let align = 1
  let packed = false
  for (const m of record.members) {
    const wanted = typeAlign(btf, m.type, depth + 1)
    align = Math.max(align, wanted)
    const unit = wanted * 8
    const field = bitFieldOf(btf, m)
    if (field === undefined) packed ||= m.bitOffset % unit !== 0
    else packed ||= (field.bitOffset % unit) + field.bitSize > sizeOf(btf, m.type) * 8
  }
  packed ||= record.size % align !== 0
  return { align: packed ? 1 : align, packed }
}
