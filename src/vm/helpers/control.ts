import type { Helper } from "../code.ts"
import { E2BIG, EINVAL } from "../errno.ts"

/** Most turns of `bpf_loop`. Source: BPF_MAX_LOOPS. */
export const MAX_LOOPS = 8 << 20

/** Loops, locks, and pointers that maps own. */
export const controlHelpers: Readonly<Record<string, Helper>> = {
  bpf_loop(run, count, _countHigh, callback, callbackHigh, context, contextHigh, flags, flagsHigh) {
    if ((flags | flagsHigh) !== 0) return run.signed(-EINVAL)
    const turns = count >>> 0
    // The verifier puts the loop into the program, and there the code is a number of 32 bits.
    if (turns > MAX_LOOPS) return -E2BIG
    for (let i = 0; i < turns; i++) {
      run.spend(1)
      if (run.callback(callback, callbackHigh, i, 0, context, contextHigh) !== 0) return i + 1
    }
    return turns
  },

  // Programs run one after the other: nobody else can hold the lock.
  bpf_spin_lock(run, lock, high) {
    run.writable(lock, high, 4)
    return 0
  },
  bpf_spin_unlock(run, lock, high) {
    run.writable(lock, high, 4)
    return 0
  },

  bpf_kptr_xchg(run, place, placeHigh, pointer, pointerHigh) {
    const { view } = run.memory
    const at = run.writable(place, placeHigh, 8)
    const old = view.getInt32(at, true)
    run.high = view.getInt32(at + 4, true)
    view.setInt32(at, pointer, true)
    view.setInt32(at + 4, pointerHigh, true)
    return old
  },
}
