import { sys, syscall } from "../raw/index.ts"
import { kernelAtLeast } from "./version.ts"

const RLIMIT_MEMLOCK = 8
let tried = false

/**
 * Lifts the limit of locked memory, against which kernels before 5.11 count maps and programs. True when it was lifted
 * just now, so that the call that failed is worth a second try.
 */
export function raiseMemlock(): boolean {
  if (tried || kernelAtLeast("5.11")) return false
  tried = true
  return setMemlock()
}

/**
 * Asks for no limit at all, and where that is not permitted (CAP_SYS_RESOURCE), for as much as there may be. Whether the
 * limit is higher now.
 */
export function setMemlock(): boolean {
  const { prlimit64 } = sys().numbers
  // struct rlimit64 { u64 current, maximum }: all ones is "no limit".
  const before = new BigUint64Array(2)
  const wanted = new BigUint64Array(2).fill(0xffff_ffff_ffff_ffffn)
  const set = (): boolean => syscall(prlimit64, 0, RLIMIT_MEMLOCK, new Uint8Array(wanted.buffer), 0) === 0
  if (syscall(prlimit64, 0, RLIMIT_MEMLOCK, 0, new Uint8Array(before.buffer)) < 0) return false
  if (set()) return before[0] < wanted[0]
  wanted.fill(before[1])
  return before[0] < before[1] && set()
}
