import { type Inst, isBinary, type Phi, type Uses, type Value } from "../ir/index.ts"

/**
 * Whether no bound of a pointer's offset hangs on a value, so that the verifier may know less of it: nothing made of it is an offset, an
 * argument, or compared. `returned` says whether it may be a function's result.
 */
export function boundsNothing(value: Inst | Phi, uses: Uses, returned = true): boolean {
  const made = new Set<Value>([value])
  for (const v of made) {
    for (const { user } of uses.of(v)) {
      if (user.kind === "phi" || (user.kind === "inst" && carriesOn(user))) made.add(user)
      // A store of the number itself asks for no bounds; all else that takes it may.
      else if (user.kind === "inst" && !(user.op === "store" && user.args[0] !== v)) return false
      else if (user.kind === "term" && !(user.op === "ret" && returned)) return false
    }
  }
  return true
}

/** Arithmetic, and conversions between integers. */
function carriesOn(inst: Inst): boolean {
  if (isBinary(inst)) return true
  return ["zext", "sext", "trunc", "sextin", "bswap"].includes(inst.op)
}
