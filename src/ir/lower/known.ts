import { alignOf, canonical, type Expr, pointerOf } from "../../c/index.ts"
import { alignAt } from "./repr.ts"

/**
 * Alignment that the address in a pointer expression is known to have. Casts to `void *` are looked through, so that `memset(&s, …)` knows
 * the alignment of `s`.
 */
export function knownAlign(e: Expr): number {
  let inner = e
  while (inner.kind === "cast" && (inner.cast === "pointer" || inner.cast === "none")) inner = inner.operand
  const pointer = pointerOf(inner.type)
  const declared = pointer === undefined ? 1 : alignOf(pointer.to)
  if (inner.kind === "addressOf" || (inner.kind === "cast" && inner.cast === "decay")) {
    const packed = alignOfLvalue(inner.operand)
    return packed ?? declared
  }
  return declared
}

/** For members, the alignment that is left of the record's at the member's offset: packed records leave 1. */
function alignOfLvalue(e: Expr): number | undefined {
  if (e.kind === "member") {
    const pointer = e.arrow ? pointerOf(e.base.type) : undefined
    const record = canonical(pointer === undefined ? e.base.type : pointer.to)
    const base = (e.arrow ? undefined : alignOfLvalue(e.base)) ?? alignOf(record)
    return alignAt(base, e.field.offset)
  }
  if (e.kind === "ref" && e.decl.kind === "var") return Math.max(alignOf(e.decl.type), e.decl.align ?? 1)
  return undefined
}
