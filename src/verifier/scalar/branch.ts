import {
  BPF_JEQ,
  BPF_JGE,
  BPF_JGT,
  BPF_JLE,
  BPF_JLT,
  BPF_JNE,
  BPF_JSET,
  BPF_JSGE,
  BPF_JSGT,
  BPF_JSLE,
  BPF_JSLT,
} from "../../isa/index.ts"
import type { Scalar } from "./bounds.ts"
import type { Tnum } from "./tnum.ts"

/** What is known of a number as wide as a comparison looks at it; of 32 bits the ends are numbers and the bits are the low half's. */
interface View<T> {
  bits: Tnum
  umin: T
  umax: T
  smin: T
  smax: T
}

const low = (a: Scalar): View<number> => ({
  bits: a.bits.low32(),
  umin: a.u32min,
  umax: a.u32max,
  smin: a.s32min,
  smax: a.s32max,
})

/** Whether `a` and `b` can never be the same number of that width. */
function differ<T extends bigint | number>(a: View<T>, b: View<T>): boolean {
  if (a.bits.isConstant && b.bits.isConstant) return a.bits.value !== b.bits.value
  return !a.bits.overlaps(b.bits) || a.umin > b.umax || a.umax < b.umin || a.smin > b.smax || a.smax < b.smin
}

function areEqual(a: Scalar, b: Scalar, width: 32 | 64): boolean | undefined {
  if (width === 32) {
    const x = low(a)
    const y = low(b)
    if (differ(x, y)) return false
    return x.bits.isConstant && y.bits.isConstant ? true : undefined
  }
  if (differ<bigint>(a, b)) return false
  if (a.bits.isConstant && b.bits.isConstant) return true
  const apart = a.u32min > b.u32max || a.u32max < b.u32min || a.s32min > b.s32max || a.s32max < b.s32min
  return apart ? false : undefined
}

function shareBits(a: Tnum, b: Tnum): boolean | undefined {
  const [value, other] = b.isConstant ? [a, b] : [b, a]
  if (!other.isConstant) return undefined
  if (value.value & other.value) return true
  return (value.value | value.mask) & other.value ? undefined : false
}

/** `a > b`. */
function greater<T extends bigint | number>(aMin: T, aMax: T, bMin: T, bMax: T): boolean | undefined {
  if (aMin > bMax) return true
  return aMax <= bMin ? false : undefined
}

const not = (answer: boolean | undefined): boolean | undefined => (answer === undefined ? undefined : !answer)

function ordered<T extends bigint | number>(condition: number, a: View<T>, b: View<T>): boolean | undefined {
  switch (condition) {
    case BPF_JGT:
      return greater(a.umin, a.umax, b.umin, b.umax)
    case BPF_JLE:
      return not(greater(a.umin, a.umax, b.umin, b.umax))
    case BPF_JLT:
      return greater(b.umin, b.umax, a.umin, a.umax)
    case BPF_JGE:
      return not(greater(b.umin, b.umax, a.umin, a.umax))
    case BPF_JSGT:
      return greater(a.smin, a.smax, b.smin, b.smax)
    case BPF_JSLE:
      return not(greater(a.smin, a.smax, b.smin, b.smax))
    case BPF_JSLT:
      return greater(b.smin, b.smax, a.smin, a.smax)
    case BPF_JSGE:
      return not(greater(b.smin, b.smax, a.smin, a.smax))
    default:
      return undefined
  }
}

/**
 * Whether `a condition b` holds for all their values (true), for none (false), or is not known. `condition` is one of isa's BPF_JEQ … BPF_JSLE
 * without the bits of class and source; of 32 bits the low halves are compared. As Linux `is_scalar_branch_taken` (6.18) does.
 */
export function isTaken(condition: number, a: Scalar, b: Scalar, width: 32 | 64): boolean | undefined {
  switch (condition) {
    case BPF_JEQ:
      return areEqual(a, b, width)
    case BPF_JNE:
      return not(areEqual(a, b, width))
    case BPF_JSET:
      return width === 64 ? shareBits(a.bits, b.bits) : shareBits(a.bits.low32(), b.bits.low32())
    default:
      return width === 64 ? ordered<bigint>(condition, a, b) : ordered(condition, low(a), low(b))
  }
}
