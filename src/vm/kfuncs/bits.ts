import { KERNEL } from "../address.ts"
import type { Helper } from "../code.ts"
import { E2BIG, EFAULT, EINVAL } from "../errno.ts"

/** `struct bpf_iter_bits`: where the copy of the bits lies, how many they are, and the one that was given last. */
const BYTES = 16
const COUNT = 8
const BIT = 12
/** Words of 64 bits at most. Source: BITS_ITER_NR_WORDS_MAX. */
const MOST_WORDS = 511

/** The iterator over the bits that are set in some words (Linux 6.11). Source: kernel/bpf/helpers.c. */
export const bitsKfuncs: Readonly<Record<string, Helper>> = {
  bpf_iter_bits_new(run, iterator, high, from, fromHigh, words) {
    const { memory } = run
    const at = run.writable(iterator, high, BYTES)
    memory.u8.fill(0, at, at + BYTES)
    memory.view.setInt32(at + BIT, -1, true)
    if ((from | fromHigh) === 0 || words === 0) return run.signed(-EINVAL)
    if (words >>> 0 > MOST_WORDS) return run.signed(-E2BIG)
    if (fromHigh !== KERNEL || !memory.readable(from, 8 * words)) return run.signed(-EFAULT)
    const copy = memory.allocate(8 * words, "bits of an iterator", { access: "none" })
    memory.u8.copyWithin(copy, from, from + 8 * words)
    memory.view.setInt32(at, copy, true)
    memory.view.setInt32(at + COUNT, 64 * words, true)
    return 0
  },

  bpf_iter_bits_next(run, iterator, high) {
    run.spend(1)
    const at = run.writable(iterator, high, BYTES)
    const { u8, view } = run.memory
    const bits = view.getInt32(at, true)
    const count = view.getInt32(at + COUNT, true)
    for (let bit = view.getInt32(at + BIT, true) + 1; bit < count; bit++) {
      if (((u8[bits + (bit >> 3)] >> (bit & 7)) & 1) === 0) continue
      view.setInt32(at + BIT, bit, true)
      return run.pointer(at + BIT)
    }
    view.setInt32(at + BIT, count, true)
    return 0
  },

  bpf_iter_bits_destroy(run, iterator, high) {
    const bits = run.memory.view.getInt32(run.writable(iterator, high, BYTES), true)
    if (bits !== 0) run.memory.free(bits)
    return 0
  },
}
