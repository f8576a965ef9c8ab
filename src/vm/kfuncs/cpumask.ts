import type { Helper } from "../code.ts"
import type { Run } from "../run.ts"

/** Bytes of a `cpumask_t` of a kernel for 8192 processors, and of `struct bpf_cpumask` with its count of references. */
const MASK_BYTES = 1024
const OBJECT_BYTES = MASK_BYTES + 8
const USERS = MASK_BYTES

/** The bits of a mask that stand for processors of this machine. */
const bits = (run: Run, low: number, high: number): boolean[] => {
  const { u8 } = run.memory
  const at = run.readable(low, high, MASK_BYTES)
  return Array.from({ length: run.environment.cpus }, (_, cpu) => ((u8[at + (cpu >> 3)] >> (cpu & 7)) & 1) === 1)
}

function setBits(run: Run, low: number, high: number, all: readonly boolean[]): void {
  const at = run.readable(low, high, MASK_BYTES)
  const { u8 } = run.memory
  for (const [cpu, bit] of all.entries()) {
    const byte = at + (cpu >> 3)
    u8[byte] = bit ? u8[byte] | (1 << (cpu & 7)) : u8[byte] & ~(1 << (cpu & 7))
  }
}

/** The first processor for which it holds; the number of processors where there is none. */
const first = (all: readonly boolean[], wanted: boolean): number => {
  const found = all.indexOf(wanted)
  return found < 0 ? all.length : found
}

const flag = (holds: boolean): number => (holds ? 1 : 0)

/** Sets a mask to what two others make, bit by bit; whether any bit is set. */
const combined =
  (combine: (a: boolean, b: boolean) => boolean): Helper =>
  (run, to, toHigh, a, aHigh, b, bHigh) => {
    const other = bits(run, b, bHigh)
    const made = bits(run, a, aHigh).map((bit, cpu) => combine(bit, other[cpu]))
    setBits(run, to, toHigh, made)
    return flag(made.includes(true))
  }

/** Changes the bit of one processor: what it was. */
const changed =
  (value: boolean): Helper =>
  (run, cpu, _cpuHigh, mask, high) => {
    const all = bits(run, mask, high)
    if (cpu >>> 0 >= all.length) return 0
    const before = all[cpu]
    all[cpu] = value
    setBits(run, mask, high, all)
    return flag(before)
  }

/** Asks a question about all bits of a mask. */
const asked =
  (ask: (all: readonly boolean[]) => boolean): Helper =>
  (run, mask, high) =>
    flag(ask(bits(run, mask, high)))

/** Asks a question about each bit of one mask and the same bit of another. */
const compared =
  (ask: (a: readonly boolean[], b: readonly boolean[]) => boolean): Helper =>
  (run, a, aHigh, b, bHigh) =>
    flag(ask(bits(run, a, aHigh), bits(run, b, bHigh)))

const setAll =
  (value: boolean): Helper =>
  (run, mask, high) => {
    setBits(
      run,
      mask,
      high,
      bits(run, mask, high).map(() => value),
    )
    return 0
  }

/** Sets of processors. Source: kernel/bpf/cpumask.c. */
export const cpumaskKfuncs: Readonly<Record<string, Helper>> = {
  bpf_cpumask_create(run) {
    const at = run.memory.allocate(OBJECT_BYTES, "cpumask", { access: "read" })
    run.memory.view.setInt32(at + USERS, 1, true)
    return run.pointer(at)
  },
  bpf_cpumask_acquire(run, mask, high) {
    const at = run.readable(mask, high, OBJECT_BYTES)
    const { view } = run.memory
    view.setInt32(at + USERS, view.getInt32(at + USERS, true) + 1, true)
    return run.pointer(at)
  },
  bpf_cpumask_release(run, mask, high) {
    const at = run.readable(mask, high, OBJECT_BYTES)
    const { view } = run.memory
    const users = view.getInt32(at + USERS, true) - 1
    view.setInt32(at + USERS, users, true)
    if (users === 0) run.memory.free(at)
    return 0
  },

  bpf_cpumask_set_cpu: changed(true),
  bpf_cpumask_clear_cpu: changed(false),
  bpf_cpumask_test_and_set_cpu: changed(true),
  bpf_cpumask_test_and_clear_cpu: changed(false),
  bpf_cpumask_test_cpu: (run, cpu, _cpuHigh, mask, high) => flag(bits(run, mask, high)[cpu >>> 0] === true),
  bpf_cpumask_setall: setAll(true),
  bpf_cpumask_clear: setAll(false),

  bpf_cpumask_and: combined((a, b) => a && b),
  bpf_cpumask_or: combined((a, b) => a || b),
  bpf_cpumask_xor: combined((a, b) => a !== b),
  bpf_cpumask_copy(run, to, toHigh, from, fromHigh) {
    setBits(run, to, toHigh, bits(run, from, fromHigh))
    return 0
  },

  bpf_cpumask_equal: compared((a, b) => a.every((bit, cpu) => bit === b[cpu])),
  bpf_cpumask_intersects: compared((a, b) => a.some((bit, cpu) => bit && b[cpu])),
  bpf_cpumask_subset: compared((a, b) => a.every((bit, cpu) => !bit || b[cpu])),
  bpf_cpumask_empty: asked(all => !all.includes(true)),
  bpf_cpumask_full: asked(all => !all.includes(false)),

  bpf_cpumask_weight: (run, mask, high) => bits(run, mask, high).filter(bit => bit).length,
  bpf_cpumask_first: (run, mask, high) => first(bits(run, mask, high), true),
  bpf_cpumask_first_zero: (run, mask, high) => first(bits(run, mask, high), false),
  bpf_cpumask_first_and(run, a, aHigh, b, bHigh) {
    const other = bits(run, b, bHigh)
    return first(
      bits(run, a, aHigh).map((bit, cpu) => bit && other[cpu]),
      true,
    )
  },
  // Any of them will do: always the first.
  bpf_cpumask_any_distribute: (run, mask, high) => first(bits(run, mask, high), true),
  bpf_cpumask_any_and_distribute(run, a, aHigh, b, bHigh) {
    const other = bits(run, b, bHigh)
    return first(
      bits(run, a, aHigh).map((bit, cpu) => bit && other[cpu]),
      true,
    )
  },
}
