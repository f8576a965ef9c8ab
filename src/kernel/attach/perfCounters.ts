import type { PerfEventName } from "../../machine/index.ts"
import { onlineCpus } from "../host/index.ts"
import { closeFd, sys, syscall } from "../raw/index.ts"
import { PERF_EVENT_IOC_ENABLE } from "./perf.ts"
import { attrOf, openEvent, refused } from "./perfEventAttacher.ts"
import { counterText } from "./perfEventNames.ts"

/** A counter that runs on a CPU, held by its descriptor. */
export interface OpenCounter {
  readonly cpu: number
  readonly fd: number
}

/**
 * Opens a counter on every CPU that runs (or on one), for a process or for all, and starts it; it counts and interrupts nobody. Whoever asks closes the
 * descriptors. Throws `KERNEL_NO_PERF_EVENT`, `KERNEL_NO_PERMISSION`; then none is open.
 */
export function openCounters(
  event: PerfEventName,
  { pid, cpu }: { readonly pid?: number; readonly cpu?: number } = {},
): OpenCounter[] {
  const target = { kind: "perf_event", event, pid, cpu, period: 0 } as const
  // Programs cannot read counters that child processes inherit.
  const attr = attrOf(target, false)
  const what = `opening the counter ${counterText(event)}`
  const open: OpenCounter[] = []
  for (const one of cpu === undefined ? onlineCpus() : [cpu]) {
    const fd = openEvent(attr, pid ?? -1, one, target, false)
    if (fd >= 0) open.push({ cpu: one, fd })
    const result = fd < 0 ? fd : syscall(sys().numbers.ioctl, fd, PERF_EVENT_IOC_ENABLE, 0)
    if (result >= 0) continue
    for (const counter of open) closeFd(counter.fd)
    throw refused(target, what, -result)
  }
  return open
}
