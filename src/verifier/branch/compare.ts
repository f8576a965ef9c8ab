import { BPF_K, BPF_SRC_MASK } from "../../isa/index.ts"
import type { Env } from "../env.ts"
import { isTaken, type Refined, refine, refineLeft, type Scalar } from "../scalar/index.ts"

/** A comparison of two numbers. */
export interface Comparison {
  /** Whether it holds, where that is known; else what is known of both sides where it does, and where it does not. */
  readonly taken: boolean | undefined
  readonly holds: Refined | undefined
  readonly fails: Refined | undefined
}

const TAKEN: Comparison = { taken: true, holds: undefined, fails: undefined }
const NOT_TAKEN: Comparison = { taken: false, holds: undefined, fails: undefined }

/** What the conditional jump at hand finds out of two numbers. */
export function compared(env: Env, condition: number, left: Scalar, right: Scalar, narrow: boolean): Comparison {
  const { code, comparisons, slot } = env
  const byImmediate = (code.op[slot] & BPF_SRC_MASK) === BPF_K
  const known = comparisons.get(slot, left, right)
  if (known !== undefined) return known
  const learn = byImmediate ? refineLeft : refine
  return comparisons.keep(slot, left, right, compare(condition, left, right, narrow ? 32 : 64, learn))
}

function compare(condition: number, left: Scalar, right: Scalar, width: 32 | 64, learn: typeof refine): Comparison {
  const taken = isTaken(condition, left, right, width)
  if (taken !== undefined) return taken ? TAKEN : NOT_TAKEN
  const holds = learn(condition, true, left, right, width)
  return { taken, holds, fails: learn(condition, false, left, right, width) }
}
