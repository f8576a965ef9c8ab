import type { Helper } from "../code.ts"

/** Nanoseconds by which atomic time is ahead of UTC. */
const TAI = 37_000_000_000n
/** Ticks per second of the kernel's slow clock (CONFIG_HZ). */
const HZ = 250
/** jiffies at boot: five minutes before they overflow 32 bits. Source: INITIAL_JIFFIES. */
const INITIAL_JIFFIES = 2 ** 32 - 300 * HZ

const now: Helper = run => run.wide(run.environment.now())

/** Clocks, random numbers and the CPU. */
export const timeHelpers: Readonly<Record<string, Helper>> = {
  bpf_ktime_get_ns: now,
  bpf_ktime_get_boot_ns: now,
  bpf_ktime_get_coarse_ns: now,
  bpf_ktime_get_tai_ns: run => run.big(BigInt(run.environment.now()) + run.environment.bootTime + TAI),
  bpf_jiffies64: run => run.wide(INITIAL_JIFFIES + Math.floor((run.environment.now() * HZ) / 1e9)),
  bpf_get_prandom_u32: run => run.environment.random() | 0,
  bpf_get_smp_processor_id: run => run.cpu,
  bpf_get_numa_node_id: () => 0,
}
