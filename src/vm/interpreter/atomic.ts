import { BPF_ADD, BPF_AND, BPF_CMPXCHG, BPF_FETCH, BPF_OR, BPF_XOR } from "../../isa/index.ts"
import type { Run } from "../run.ts"

/**
 * An atomic operation on 4 or 8 bytes at dst + offset. Runs do not interleave: it is read, changed and written. What was there goes to src (BPF_FETCH),
 * or to r0 where it is compared with that.
 * @throws Fault VM_ACCESS
 */
export function atomic(
  size: 4 | 8,
  operation: number,
  R: Int32Array,
  d: number,
  s: number,
  offset: number,
  run: Run,
): void {
  const at = run.writable((R[d] + offset) | 0, R[d + 1], size)
  const { view } = run.memory
  const isWide = size === 8
  const old = view.getInt32(at, true)
  const oldHigh = isWide ? view.getInt32(at + 4, true) : 0
  let low: number
  let high: number
  if (operation === BPF_CMPXCHG) {
    const isSame = R[0] === old && (!isWide || R[1] === oldHigh)
    low = isSame ? R[s] : old
    high = isSame ? R[s + 1] : oldHigh
    R[0] = old
    R[1] = oldHigh
  } else {
    low = combine(operation, old, R[s])
    const carry = (operation & ~BPF_FETCH) === BPF_ADD && low >>> 0 < old >>> 0 ? 1 : 0
    high = combine(operation, oldHigh, R[s + 1]) + carry
    if ((operation & BPF_FETCH) !== 0) {
      R[s] = old
      R[s + 1] = oldHigh
    }
  }
  view.setInt32(at, low, true)
  if (isWide) view.setInt32(at + 4, high, true)
}

/** One word of what an atomic operation leaves. */
function combine(operation: number, old: number, operand: number): number {
  switch (operation & ~BPF_FETCH) {
    case BPF_ADD:
      return (old + operand) | 0
    case BPF_OR:
      return old | operand
    case BPF_AND:
      return old & operand
    case BPF_XOR:
      return old ^ operand
    default:
      return operand
  }
}
