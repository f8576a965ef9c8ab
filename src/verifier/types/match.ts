import type { Btf } from "../../btf/index.ts"
import { walkStruct } from "./walk.ts"

/** A structure by its id. */
export interface StructId {
  readonly btf: Btf
  readonly id: number
}

/** Whether two ids stand for one type: also where a module's types go on from the kernel's. */
export function isSameType(a: StructId, b: StructId): boolean {
  return a.id === b.id && ownerOf(a) === ownerOf(b)
}

function ownerOf({ btf, id }: StructId): Btf {
  let owner = btf
  while (id < owner.firstId && owner.base !== undefined) owner = owner.base
  return owner
}

/**
 * Whether what lies at an offset of a structure can be taken for another: it is one, or starts with one, at any depth. A `strict` match wants
 * the structure itself.
 *
 * Source: `btf_struct_ids_match`, Linux 6.1 to 6.18.
 */
export function structMatches(
  found: StructId,
  offset: number,
  wanted: StructId,
  strict: boolean,
  kernel: number,
): boolean {
  if (offset === 0 && isSameType(found, wanted)) return true
  if (strict) return false
  let { id } = found
  for (;;) {
    const walked = walkStruct(found.btf, id, { offset, size: 1, kernel }, true)
    if (walked.kind !== "struct") return false
    if (isSameType({ btf: found.btf, id: walked.type }, wanted)) return true
    id = walked.type
    offset = 0
  }
}

/** {@link structMatches} with a structure of the same types by its name. */
export function isStructure(
  btf: Btf,
  id: number,
  offset: number,
  wanted: string,
  strict: boolean,
  kernel = 618,
): boolean {
  const found = btf.find(wanted, "struct", "union")
  return found !== 0 && structMatches({ btf, id: btf.resolve(id) }, offset, { btf, id: found }, strict, kernel)
}
