import type { Helper } from "../code.ts"
import { EINVAL } from "../errno.ts"

/** Bytes of `struct bpf_timer`. */
const TIMER = 16
const BPF_F_TIMER_ABS = 1
const BPF_F_TIMER_CPU_PIN = 2
/** Clocks that a timer may follow. */
const CLOCKS = new Set([0, 1, 7])

/** Functions of the program that run later. */
export const timerHelpers: Readonly<Record<string, Helper>> = {
  bpf_timer_init(run, timer, timerHigh, mapLow, mapHigh, flags) {
    const place = run.writable(timer, timerHigh, TIMER)
    const map = run.map(mapLow, mapHigh)
    return run.signed(CLOCKS.has(flags) ? run.core.timers.init(place, map) : -EINVAL)
  },
  bpf_timer_set_callback(run, timer, timerHigh, callback, callbackHigh) {
    const place = run.writable(timer, timerHigh, TIMER)
    return run.signed(run.core.timers.setCallback(place, run.program, callback, callbackHigh))
  },
  bpf_timer_start(run, timer, timerHigh, nanoseconds, nanosecondsHigh, flags) {
    const place = run.writable(timer, timerHigh, TIMER)
    if ((flags & ~(BPF_F_TIMER_ABS | BPF_F_TIMER_CPU_PIN)) !== 0) return run.signed(-EINVAL)
    const wanted = (nanosecondsHigh >>> 0) * 2 ** 32 + (nanoseconds >>> 0)
    const start = (flags & BPF_F_TIMER_ABS) !== 0 ? 0 : run.environment.now()
    return run.signed(run.core.timers.start(place, start + wanted))
  },
  bpf_timer_cancel(run, timer, timerHigh) {
    return run.signed(run.core.timers.cancel(run.writable(timer, timerHigh, TIMER)))
  },
}
