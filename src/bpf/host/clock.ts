/**
 * The time that programs get from `bpf_ktime_get_ns`: nanoseconds since the computer started, without the time it slept (CLOCK_MONOTONIC).
 *
 *     const age = monotonicTime() - event.timestamp
 */
export function monotonicTime(): bigint {
  return process.hrtime.bigint()
}
