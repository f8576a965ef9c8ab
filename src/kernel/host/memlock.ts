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

/** Asks for no limit at all; false where that is not permitted. */
export function setMemlock(): boolean {
  // struct rlimit64 { u64 current, maximum }: all ones is "no limit".
  return syscall(sys().numbers.prlimit64, 0, RLIMIT_MEMLOCK, new Uint8Array(16).fill(0xff), 0) === 0
}
