import { CODE } from "../address.ts"
import type { Helper } from "../code.ts"
import { E2BIG, EINVAL } from "../errno.ts"
import { ProgramExit } from "../fault.ts"

const nothing: Helper = () => 0
const same: Helper = (run, low, high) => {
  run.high = high
  return low
}

/** `struct bpf_iter_num`: where it is and where it ends, two signed words. Source: kernel/bpf/bpf_iter.c. */
const MAX_LOOPS = 8 << 20

/** Kernel functions that belong to the language of BPF more than to the kernel. */
export const coreKfuncs: Readonly<Record<string, Helper>> = {
  bpf_iter_num_new(run, iterator, high, start, _startHigh, end) {
    const at = run.writable(iterator, high, 8)
    const { view } = run.memory
    view.setInt32(at, 0, true)
    view.setInt32(at + 4, 0, true)
    if (start > end) return run.signed(-EINVAL)
    if (end - start > MAX_LOOPS) return run.signed(-E2BIG)
    // One before the first: next goes on and then gives the address of the number.
    view.setInt32(at, start - 1, true)
    view.setInt32(at + 4, end, true)
    return 0
  },
  bpf_iter_num_next(run, iterator, high) {
    run.spend(1)
    const at = run.writable(iterator, high, 8)
    const { view } = run.memory
    const next = view.getInt32(at, true) + 1
    if (next >= view.getInt32(at + 4, true)) {
      view.setInt32(at, 0, true)
      view.setInt32(at + 4, 0, true)
      return 0
    }
    view.setInt32(at, next, true)
    return run.pointer(at)
  },
  bpf_iter_num_destroy: nothing,

  bpf_rcu_read_lock: nothing,
  bpf_rcu_read_unlock: nothing,
  bpf_preempt_disable: nothing,
  bpf_preempt_enable: nothing,
  bpf_local_irq_save: nothing,
  bpf_local_irq_restore: nothing,
  bpf_cast_to_kern_ctx: same,
  bpf_rdonly_cast: same,
  bpf_get_kmem_cache: nothing,

  bpf_throw(run, low, high) {
    const { exceptionSlot } = run.program
    if (exceptionSlot === undefined) throw new ProgramExit(low, high)
    const value = run.callback(exceptionSlot, CODE, low, high)
    throw new ProgramExit(value)
  },
}
